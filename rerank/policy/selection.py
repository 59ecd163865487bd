"""Choosing the order of a list one place at a time, by scores less penalties, within limits.

What a place costs depends on what stands above it, so the best order of all is out of reach and each place gets what is
best there (greedy), as both maximal marginal relevance and calibrated recommendation do. The first places of a longer
list are therefore those of a shorter one, and what a limit says of the first k places it says for every k.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from broadsheet.tables.arrays import Flags, Floats

Order = npt.NDArray[np.int64]


class Penalty(Protocol):
    """What each item would cost as the next of the list."""

    def costs(self) -> Floats:
        """Return the cost of each item (items,), finite; what it is for those that are taken does not matter."""

    def take(self, item: int) -> None:
        """Note that an item is the next of the list."""


class Limit(Protocol):
    """Which items may be the next of the list."""

    def allowed(self) -> Flags:
        """Return for each item whether it may be (items,)."""

    def take(self, item: int) -> None:
        """Note that an item is the next of the list."""


def select(scores: Floats, penalties: Sequence[tuple[float, Penalty]], limits: Sequence[Limit]) -> Order:
    """Return the order of all items, (items,), the first place first; ties go to the earlier item.

    An item's worth is its score, scaled to 0 to 1 over the list; each penalty with its weight, 0 to 1, makes of it
    (1 - weight) * worth - weight * cost. What a limit keeps out of a place comes after what it lets in; where nothing
    that is left is within a limit, that limit holds no longer there, the last one first.
    """
    count = len(scores)
    scaled = (scores - scores.min()) / max(float(np.ptp(scores)), 1e-9) if count else scores
    order, left = np.zeros(count, np.int64), np.ones(count, np.bool_)
    for place in range(count):
        worth = scaled
        for weight, penalty in penalties:
            worth = (1 - weight) * worth - weight * penalty.costs()
        best = int(np.argmax(np.where(_within(limits, left), worth, -np.inf)))
        order[place], left[best] = best, False
        for _, penalty in penalties:
            penalty.take(best)
        for limit in limits:
            limit.take(best)
    return order


def _within(limits: Sequence[Limit], left: Flags) -> Flags:
    """Return which of the items left are within all limits, or within as many as can hold, the first ones first."""
    for limit in limits:
        narrowed = left & limit.allowed()
        left = narrowed if narrowed.any() else left
    return left
