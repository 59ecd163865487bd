"""Choosing the order of lists one place at a time, by scores less penalties, within limits.

The cost of an item depends on the items above it. Trying every order would take too long, so each place in turn gets
the item that is best there (greedy), as in maximal marginal relevance and calibrated recommendation. So a list of five
is the beginning of a list of ten, and a limit that holds for the first k places holds for every k.

The lists of many readers are chosen side by side: the first place of each, then the second, and so on. Every array has
a row for each list. Lists differ in length; `NO_ITEM` stands after the end of a list.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from broadsheet.tables.arrays import Flags, Floats

Order = npt.NDArray[np.int64]
"""The items of each list, the first place first, (lists, items)."""
NO_ITEM = -1


class Penalty(Protocol):
    """What each item would cost as the next of its list."""

    def costs(self) -> Floats:
        """Return the cost of each item (lists, items), finite; costs of items that were taken are ignored."""

    def take(self, items: Order) -> None:
        """Note the next item of each list (lists,)."""


class Limit(Protocol):
    """Which items may be the next of their list."""

    def allowed(self) -> Flags:
        """Return for each item whether it may be the next of its list (lists, items)."""

    def take(self, items: Order) -> None:
        """Note the next item of each list (lists,)."""


class Reserving(Limit, Protocol):
    """A limit on the number of items that are alike."""

    def reserve(self, items: Flags) -> None:
        """Count items (lists, items) as above from now on; before the first item is taken."""


def select(
    scores: Floats,
    penalties: Sequence[tuple[float, Penalty]],
    limits: Sequence[Limit],
    boosts: Floats | float = 0.0,
    there: Flags | None = None,
) -> Order:
    """Return the order of all items of each list, (lists, items); ties go to the earlier item.

    `scores` are (lists, items), and `there` says which places hold an item, all if it is None. An item's worth is its
    score, scaled to 0 to 1 over its list, and its boost. Each penalty with weight w, 0 to 1, turns it into
    (1 - w) * worth - w * cost. A place goes to the item with the highest worth among the items that all limits allow.
    If there is no such item, limits are ignored for this place, the last limit first, until an item is allowed: with a
    cap on stories before a cap on sources, a place breaks the cap on sources first.
    """
    lists, count = scores.shape
    left = np.ones(scores.shape, np.bool_) if there is None else there.copy()
    order, every = np.full(scores.shape, NO_ITEM, np.int64), np.arange(lists)
    worth = _scaled(scores, left) + boosts
    for place in range(count):
        value = worth
        for weight, penalty in penalties:
            value = (1 - weight) * value - weight * penalty.costs()
        best = np.argmax(np.where(_within(limits, left), value, -np.inf), axis=1)
        order[:, place] = np.where(left[every, best], best, NO_ITEM)
        left[every, best] = False
        for _, penalty in penalties:
            penalty.take(best)
        for limit in limits:
            limit.take(best)
    return order


def _scaled(scores: Floats, there: Flags) -> Floats:
    """Return the scores on a scale from 0, the lowest of the list, to 1, the highest."""
    if not scores.size:
        return scores
    lowest = np.where(there, scores, np.inf).min(axis=1, keepdims=True)
    highest = np.where(there, scores, -np.inf).max(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):  # of an empty list
        return np.where(there, (scores - lowest) / np.maximum(highest - lowest, 1e-9), 0.0)


def _within(limits: Sequence[Limit], left: Flags) -> Flags:
    """Return which of the items left are within the limits; a limit that would leave a list no item is ignored."""
    for limit in limits:
        narrowed = left & limit.allowed()
        left = np.where(narrowed.any(axis=1, keepdims=True), narrowed, left)
    return left
