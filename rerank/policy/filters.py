"""What filters ask of the order of a list: pinned items first, fewest and most items of a kind, and lifts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from broadsheet.corpus.filters import Quota, Selection
from broadsheet.rerank.policy.selection import Limit
from broadsheet.tables.arrays import Flags, Floats

PLACES = 10
"""Articles of a page for which no number was asked, as at night."""


@dataclass(frozen=True)
class Wishes:
    """What a selection asks of the items of one list; see `Selection`, whose arrays these are for the items."""

    pinned: Flags
    boosts: Floats
    quotas: Sequence[Quota]
    places: int = PLACES
    "Places of the page for which `least` counts."

    def limits(self) -> list[Limit]:
        """Return the limits, the strongest first."""
        limits: list[Limit] = [Pins(self.pinned)]
        limits += [Most(quota.articles, quota.most) for quota in self.quotas if quota.most]
        limits += [Least(quota.articles, quota.least, self.places) for quota in self.quotas if quota.least]
        return limits


def wishes_of(selection: Selection | None, rows: Sequence[int], places: int) -> Wishes:
    """Return what a selection asks of these rows of its catalogue; None asks nothing."""
    if selection is None:
        return Wishes(np.zeros(len(rows), np.bool_), np.zeros(len(rows)), ())
    quotas = [Quota(quota.articles[rows], quota.least, quota.most) for quota in selection.quotas]
    return Wishes(selection.pinned[rows], selection.boosts[rows], quotas, places)


def read_first(selection: Selection, rows: Sequence[int], depth: int, places: int) -> list[int]:
    """Return the places of candidates in the order in which `depth` of them are read, so that a page can be filled.

    Of a kind with `most` articles on a page of `places`, at most depth - places + most are among the first `depth`:
    else a list of sixty paid articles would leave no other article for the page.
    """
    order = list(range(len(rows)))
    for quota in selection.quotas:
        if quota.most:
            are = quota.articles[rows]
            of_kind = [place for place in order if are[place]]
            late = set(of_kind[max(quota.most, depth - places + quota.most) :])
            order = [place for place in order if place not in late] + [place for place in order if place in late]
    return order


class Pins:
    """Pinned items come before all others."""

    def __init__(self, pinned: Flags) -> None:
        self._left = pinned.copy()

    def allowed(self) -> Flags:
        """Return for each item whether it may be the next."""
        return self._left if self._left.any() else np.ones(len(self._left), np.bool_)

    def take(self, item: int) -> None:
        """Note that an item is the next of the list."""
        self._left[item] = False


class Most:
    """At most `most` items of a kind."""

    def __init__(self, items: Flags, most: int) -> None:
        self._items, self._left = items, most

    def allowed(self) -> Flags:
        """Return for each item whether it may be the next."""
        return np.ones(len(self._items), np.bool_) if self._left > 0 else ~self._items

    def take(self, item: int) -> None:
        """Note that an item is the next of the list."""
        self._left -= int(self._items[item])


class Least:
    """At least `least` items of a kind in the first `places`: the last of these are kept for them where none came."""

    def __init__(self, items: Flags, least: int, places: int) -> None:
        self._items, self._due, self._places = items, least, places

    def allowed(self) -> Flags:
        """Return for each item whether it may be the next."""
        return self._items if 0 < self._places <= self._due else np.ones(len(self._items), np.bool_)

    def take(self, item: int) -> None:
        """Note that an item is the next of the list."""
        self._places, self._due = self._places - 1, self._due - int(self._items[item])
