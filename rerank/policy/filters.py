"""What filters ask of the order of a list: pinned items first, fewest and most items of a kind, and lifts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from broadsheet.corpus.filters import Quota, Selection
from broadsheet.rerank.policy.selection import Limit, Reserving
from broadsheet.tables.arrays import Flags, Floats, Integers, Rows

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
    slots: Integers | None = None
    "The place that an editor gave to each item, 1 the top, 0 without one; None if no item has one."

    def limits(self) -> list[Limit]:
        """Return the limits, the strongest first."""
        limits: list[Limit] = [] if self.slots is None else [Slots(self.slots)]
        most = self.most()
        self.reserve(most)
        limits += [Pins(self.pinned), *most]
        limits += [Least(quota.articles, quota.least, self.places) for quota in self.quotas if quota.least]
        return limits

    def most(self) -> list[Most]:
        """Return the limits on the number of articles of a kind."""
        return [Most(quota.articles, quota.most) for quota in self.quotas if quota.most]

    def reserve(self, limits: Sequence[Reserving]) -> None:
        """Let articles with a slot on the page count in limits, wherever on the page the slot is.

        So of an event, the article that an editor set into slot 5 is the page's, and no other comes into slots 1 to 4.
        """
        if self.slots is not None:
            on_page = (self.slots > 0) & (self.slots <= self.places)
            for limit in limits:
                limit.reserve(on_page)

    def stay(self, page: Rows) -> Flags:
        """Return which items of the first list's page (places,) have to stay: slots, pins, and the least of a kind.

        Of a kind of which at least two are wanted, the first two stay.
        """
        found: Flags = self.pinned[0, page] if self.slots is None else self.pinned[0, page] | (self.slots[0, page] > 0)
        for quota in self.quotas:
            are = quota.articles[0, page]
            found = found | (are & (np.cumsum(are) <= quota.least))
        return found

    def of(self, lists: Rows) -> Wishes:
        """Return what is asked of some of the lists."""
        quotas = [Quota(quota.articles[lists], quota.least, quota.most) for quota in self.quotas]
        slots = None if self.slots is None else self.slots[lists]
        return Wishes(self.pinned[lists], self.boosts[lists], quotas, self.places, slots)


def wishes_of(selection: Selection, rows: Rows, places: int, slots: Integers | None = None) -> Wishes:
    """Return what a selection asks of these rows of its catalogue (lists, items), below 0 where there is no item.

    `slots` are the places that an editor gave to the items (lists, items), 0 without one.
    """
    there = rows >= 0
    quotas = [Quota(there & quota.articles[rows], quota.least, quota.most) for quota in selection.quotas]
    boosts = np.where(there, selection.boosts[rows], 0.0)
    return Wishes(there & selection.pinned[rows], boosts, quotas, places, slots)


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


class Slots:
    """Items with a slot come exactly there, and nowhere above it while other items are left."""

    def __init__(self, slots: Integers) -> None:
        """Take the place of each item, 1 the top, 0 without one (lists, items); no two of a list have the same."""
        self._slots, self._place = slots, 1

    def allowed(self) -> Flags:
        """Return for each item whether it may be the next of its list."""
        here = self._slots == self._place
        return np.where(here.any(axis=1, keepdims=True), here, self._slots < self._place)

    def take(self, items: Rows) -> None:
        """Note the next item of each list."""
        del items
        self._place += 1


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

    def reserve(self, items: Flags) -> None:
        """Count items (lists, items) as above from now on, and not again when they are taken."""
        self._left = self._left - (self._items & items).sum(axis=1)
        self._items = self._items & ~items

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
