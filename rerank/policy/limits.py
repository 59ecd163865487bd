"""The limits of a list: most articles of a category, of a source and of one story, and floors for favoured articles.

The limit on stories counts, for each article, the articles above that are near to it; it makes no clusters. Where A is
near B and B near C, a cluster would hold A and C too, which have nothing in common, and it would depend on the other
articles of the list. With a limit of 1, no two articles that are near each other are shown, and an article is held back
only if it is near an article above.

Articles with a slot of their own on the page count from the first place on, wherever their slot is: the limits on
copies, stories, categories, sources and kinds have a method `reserve` for them.

Every limit is of many lists at once; see selection.py.
"""

from collections.abc import Collection, Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.corpus.same_event import of_one_event
from broadsheet.tables.arrays import Flags, Floats, Integers, Rows, Vectors

RESERVED = -2
"""The name, for a cap, of an item that was counted before it is taken; no name has this number."""


class Cap:
    """At most `most` items with the same name, such as a category; items without a name are not limited."""

    def __init__(self, names: Integers, most: int) -> None:
        """Take the number of each item's name (lists, items); an unknown name is below 0."""
        self._names, self._most = names, most
        self._lists, self._above = np.arange(len(names)), np.zeros(names.shape, np.int64)

    def allowed(self) -> Flags:
        """Return for each item whether it may be the next of its list."""
        return np.asarray((self._above < self._most) | (self._names < 0))

    def reserve(self, items: Flags) -> None:
        """Count items (lists, items) as above from now on, and not again when they are taken."""
        same = self._names[:, :, None] == self._names[:, None, :]
        self._above = self._above + (same & items[:, :, None]).sum(axis=1)
        self._names = np.where(items, RESERVED, self._names)

    def take(self, items: Rows) -> None:
        """Note the next item of each list."""
        self._above += self._names == self._names[self._lists, items][:, None]


class CopyCap:
    """No item has the text of an item above, which is there under another id."""

    def __init__(self, copies: Flags) -> None:
        """Take for each item which items of its list have its text (lists, items, items)."""
        self._lists = np.arange(len(copies))
        self._copies, self._allowed = copies, np.ones(copies.shape[:2], np.bool_)

    def allowed(self) -> Flags:
        """Return for each item whether it may be the next of its list."""
        return self._allowed

    def reserve(self, items: Flags) -> None:
        """Count items (lists, items) as above from now on."""
        self._allowed &= ~(self._copies & items[:, :, None]).any(axis=1)

    def take(self, items: Rows) -> None:
        """Note the next item of each list."""
        self._allowed &= ~self._copies[self._lists, items]


class EventCap:
    """At most `most` items of one story: an item is held back once `most` items above are near to it."""

    def __init__(self, likeness: Vectors, published_at: Floats, most: int, *, similarity: float, days: float) -> None:
        """Two items are near if their inner product is at least `similarity` and they appeared within `days` days.

        `likeness` are the inner products (lists, items, items). `published_at` are epoch seconds (lists, items). An
        unknown time is NaN; it does not keep items from being near.
        """
        times = published_at[:, None, :], published_at[:, :, None]
        self._near = of_one_event(likeness, *times, similarity=similarity, days=days)  # (lists, items, items)
        self._most, self._lists = most, np.arange(len(likeness))
        self._above = np.zeros(published_at.shape, np.int64)

    def allowed(self) -> Flags:
        """Return for each item whether it may be the next of its list."""
        return np.asarray(self._above < self._most)

    def reserve(self, items: Flags) -> None:
        """Count items (lists, items) as above from now on, and not again when they are taken."""
        self._above = self._above + (self._near & items[:, :, None]).sum(axis=1)
        self._near = self._near & ~items[:, :, None]

    def take(self, items: Rows) -> None:
        """Note the next item of each list."""
        self._above += self._near[self._lists, items]


class Floor:
    """For every k, at least a share of the first k places, rounded down, goes to favoured items."""

    def __init__(self, favoured: Flags, share: float) -> None:
        """Take for each item whether it is favoured (lists, items), and the share, 0 to 1."""
        self._favoured, self._share, self._lists = favoured, share, np.arange(len(favoured))
        self._places, self._given = 0, np.zeros(len(favoured), np.int64)

    def allowed(self) -> Flags:
        """Return for each item whether it may be the next of its list."""
        due = _due(self._share, self._places + 1)
        return self._favoured | (self._given >= due)[:, None]

    def take(self, items: Rows) -> None:
        """Note the next item of each list."""
        self._places, self._given = self._places + 1, self._given + self._favoured[self._lists, items]


class KeptPlaces:
    """Some places of a list go to favoured items, whatever stands above: see `are_kept`."""

    def __init__(self, favoured: Flags, share: float) -> None:
        """Take for each item whether it is favoured (lists, items), and the share of the places, 0 to 1."""
        self._favoured, self._kept = favoured, are_kept(favoured.shape[1], share)
        self._places = 0

    def allowed(self) -> Flags:
        """Return for each item whether it may be the next of its list."""
        return self._favoured if self._kept[self._places] else np.ones(self._favoured.shape, np.bool_)

    def take(self, items: Rows) -> None:
        """Note the next item of each list."""
        del items
        self._places += 1


def are_kept(places: int, share: float) -> Flags:
    """Return for each place whether it is kept (places,): with 0.1 the places 10, 20 and so on, with 0.2 also 5, 15."""
    return np.diff([_due(share, place) for place in range(places + 1)]) > 0


def _due(share: float, places: int) -> int:
    return int(share * places + 1e-9)  # in floating point 0.29 * 100 is a little less than 29


def large_sources(sources: pa.ChunkedArray) -> frozenset[str]:
    """Return the largest sources, as few as together hold at least half of the articles that have a source.

    `sources` is the column of a news table. Sources with equally many articles are taken in the order of their names.
    """
    counts = {entry["values"]: entry["counts"] for entry in pc.value_counts(sources).to_pylist() if entry["values"]}
    half, large = sum(counts.values()) / 2, set[str]()
    for name in sorted(counts, key=lambda name: (-counts[name], name)):
        if sum(counts[source] for source in large) >= half:
            break
        large.add(name)
    return frozenset(large)


def are_small(sources: Iterable[str], large: Collection[str]) -> Flags:
    """Return for each source whether it is known and not among the `large` sources."""
    return np.array([bool(source) and source not in large for source in sources], np.bool_)
