"""What filters ask of the order of a list: pinned items first, fewest and most items of a kind, and lifts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from broadsheet.corpus.filters import Quota, Selection
from broadsheet.rerank.policy.selection import Limit
from broadsheet.tables.arrays import Flags, Floats, Rows

PLACES = 10
"""Articles of a page for which no number was asked, as at night."""


@dataclass(frozen=True)
class Wishes:
    """What a selection asks of the items of lists; see `Selection`, whose arrays these are for the items.

    Every array is (lists, items).
    """

    pinned: Flags
    boosts: Floats
    quotas: Sequence[Quota]
    places: int = PLACES
    "Places of the page for which `least` counts."

    def limits(self) -> list[Limit]:
        """Return the limits, the strongest first."""
        limits: list[Limit] = [Pins(self.pinned), *self.most()]
        limits += [Least(quota.articles, quota.least, self.places) for quota in self.quotas if quota.least]
        return limits

    def most(self) -> list[Limit]:
        """Return the limits on the number of articles of a kind."""
        return [Most(quota.articles, quota.most) for quota in self.quotas if quota.most]

    def stay(self, page: Rows) -> Flags:
        """Return which items of the page of the first list (places,) have to stay on it: pins, and the least of a kind.

        Of a kind of which at least two are wanted, the first two stay.
        """
        found: Flags = self.pinned[0, page]
        for quota in self.quotas:
            are = quota.articles[0, page]
            found = found | (are & (np.cumsum(are) <= quota.least))
        return found

    def of(self, lists: Rows) -> Wishes:
        """Return what is asked of some of the lists."""
        quotas = [Quota(quota.articles[lists], quota.least, quota.most) for quota in self.quotas]
        return Wishes(self.pinned[lists], self.boosts[lists], quotas, self.places)


def wishes_of(selection: Selection, rows: Rows, places: int) -> Wishes:
    """Return what a selection asks of these rows of its catalogue (lists, items), below 0 where there is no item."""
    there = rows >= 0
    quotas = [Quota(there & quota.articles[rows], quota.least, quota.most) for quota in selection.quotas]
    return Wishes(there & selection.pinned[rows], np.where(there, selection.boosts[rows], 0.0), quotas, places)


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
        """Take which items are pinned (lists, items)."""
        self._left, self._lists = pinned.copy(), np.arange(len(pinned))

    def allowed(self) -> Flags:
        """Return for each item whether it may be the next of its list."""
        return self._left | ~self._left.any(axis=1, keepdims=True)

    def take(self, items: Rows) -> None:
        """Note the next item of each list."""
        self._left[self._lists, items] = False


class Most:
    """At most `most` items of a kind."""

    def __init__(self, items: Flags, most: int) -> None:
        """Take which items are of the kind (lists, items)."""
        self._items, self._left, self._lists = items, np.full(len(items), most), np.arange(len(items))

    def allowed(self) -> Flags:
        """Return for each item whether it may be the next of its list."""
        return ~self._items | (self._left > 0)[:, None]

    def take(self, items: Rows) -> None:
        """Note the next item of each list."""
        self._left -= self._items[self._lists, items]


class Least:
    """At least `least` items of a kind in the first `places`: the last of these are kept for them where none came."""

    def __init__(self, items: Flags, least: int, places: int) -> None:
        """Take which items are of the kind (lists, items)."""
        self._items, self._due, self._lists = items, np.full(len(items), least), np.arange(len(items))
        self._places = places

    def allowed(self) -> Flags:
        """Return for each item whether it may be the next of its list."""
        free = (self._places <= 0) | (self._places > self._due)
        return self._items | free[:, None]

    def take(self, items: Rows) -> None:
        """Note the next item of each list."""
        self._places, self._due = self._places - 1, self._due - self._items[self._lists, items]
