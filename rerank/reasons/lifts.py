"""Which signals are a reason of each story: those that lift it above the other stories of its list."""

from collections.abc import Mapping

import numpy as np

from broadsheet.tables.arrays import Flags, Floats

ROUNDING = 1e-9
"""A contribution below this is a difference between equal values."""
NOTICEABLE = 0.1
"""Least lift by a signal that is a reason, as a share of the largest lift of the item."""
OF_OTHERS, OF_AGE = ("co_click", "popularity", "click_rate", "trend"), ("freshness",)
"""Signals of what other readers do, and of age. All other signals are personal, or the site's own, and come first."""


def true_signals(lifts: Mapping[str, Floats], new: Flags) -> list[list[str]]:
    """Return the signals that are a reason of each item: first personal signals, then of other readers, then of age.

    `lifts` says how far each signal lifts the score of each item above the mean of its list (items,). A signal that
    lifts it by less than NOTICEABLE of the largest lift is no reason. Freshness is a reason of each item that is `new`
    in itself (items,), and of no other: an item may merely be newer than the others of its list.
    """
    names = [name for name in lifts if name not in OF_AGE]
    if not names:
        return [list(OF_AGE) if one else [] for one in new.tolist()]
    largest = np.max([*lifts.values()], axis=0)
    values = np.stack([lifts[name] for name in names], axis=1)  # (items, signals)
    true = values > np.maximum(ROUNDING, NOTICEABLE * largest)[:, None]
    rank = np.where(true, np.array([name in OF_OTHERS for name in names]), 2)
    order = np.lexsort((-values, rank), axis=-1)
    order[np.arange(len(names)) >= true.sum(axis=1)[:, None]] = len(names)
    lines = order.astype(np.uint8 if len(names) < 256 else np.int64)
    # Many items have the same signals in the same order, which are named once.
    named: dict[tuple[bytes, bool], list[str]] = {}
    found = []
    for line, one in zip(lines, new.tolist(), strict=True):
        key = line.tobytes(), one
        if key not in named:
            named[key] = [*(names[place] for place in line.tolist() if place < len(names)), *(OF_AGE if one else ())]
        found.append(named[key])
    return found
