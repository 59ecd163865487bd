"""Choosing the order of a list one place at a time, by scores less penalties, within limits.

The cost of an item depends on the items above it. Trying every order would take too long, so each place in turn gets
the item that is best there (greedy), as in maximal marginal relevance and calibrated recommendation. So a list of five
is the beginning of a list of ten, and a limit that holds for the first k places holds for every k.
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
        """Return the cost of each item (items,), finite; costs of items that are in the list already are ignored."""

    def take(self, item: int) -> None:
        """Note that an item is the next of the list."""


class Limit(Protocol):
    """Which items may be the next of the list."""

    def allowed(self) -> Flags:
        """Return for each item whether it may be the next of the list (items,)."""

    def take(self, item: int) -> None:
        """Note that an item is the next of the list."""


def select(
    scores: Floats,
    penalties: Sequence[tuple[float, Penalty]],
    limits: Sequence[Limit],
    boosts: Floats | float = 0.0,
) -> Order:
    """Return the order of all items, (items,), the first place first; ties go to the earlier item.

    An item's worth is its score, scaled to 0 to 1 over the list, and its boost. Each penalty with weight w, 0 to 1,
    turns it into (1 - w) * worth - w * cost. A place goes to the item with the highest worth among the items that all
    limits allow. If there is no such item, limits are ignored for this place, the last limit first, until an item is
    allowed: with a cap on stories before a cap on sources, a place breaks the cap on sources first.
    """
    count = len(scores)
    scaled = (scores - scores.min()) / max(float(np.ptp(scores)), 1e-9) if count else scores
    order, left = np.zeros(count, np.int64), np.ones(count, np.bool_)
    for place in range(count):
        worth = scaled + boosts
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
    """Return which of the items left are within the limits; a limit that would leave no item is ignored."""
    for limit in limits:
        narrowed = left & limit.allowed()
        left = narrowed if narrowed.any() else left
    return left
