"""The limits of a list: most articles of a category, of a source and of one story, and floors for favoured articles.

The limit on stories counts, for each article, the articles above that are near to it; it makes no clusters. Where A is
near B and B near C, a cluster would hold A and C too, which have nothing in common, and it would depend on the other
articles of the list. With a limit of 1, no two articles that are near each other are shown, and an article is held back
only if it is near an article above.
"""

from collections.abc import Collection, Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.corpus.same_event import of_one_event
from broadsheet.rerank.policy.diversity import Likeness
from broadsheet.tables.arrays import Flags, Floats, Names


class Cap:
    """At most `most` items with the same name, such as a category; items without a name are not limited."""

    def __init__(self, names: Names, most: int) -> None:
        """Take the name of each item (items,); an unknown name is empty."""
        values, self._codes = np.unique(names.astype(str), return_inverse=True)
        self._left = np.where(values == "", len(names), most)  # (distinct names,): items that each name may still have

    def allowed(self) -> Flags:
        """Return for each item whether it may be the next."""
        return np.asarray(self._left[self._codes] > 0)

    def take(self, item: int) -> None:
        """Note that an item is the next of the list."""
        self._left[self._codes[item]] -= 1


class CopyCap:
    """No item has the text of an item above, which is there under another id."""

    def __init__(self, copies: Flags) -> None:
        """Take for each item which items have its text (items, items)."""
        self._copies, self._allowed = copies, np.ones(len(copies), np.bool_)

    def allowed(self) -> Flags:
        """Return for each item whether it may be the next."""
        return self._allowed

    def take(self, item: int) -> None:
        """Note that an item is the next of the list."""
        self._allowed = self._allowed & ~self._copies[item]


class EventCap:
    """At most `most` items of one story: an item is held back once `most` items above are near to it."""

    def __init__(self, likeness: Likeness, published_at: Floats, most: int, *, similarity: float, days: float) -> None:
        """Two items are near if their inner product is at least `similarity` and they appeared within `days` days.

        `published_at` are epoch seconds (items,). An unknown time is NaN; it does not keep items from being near.
        """
        self._likeness, self._published_at, self._most = likeness, published_at, most
        self._near = {"similarity": similarity, "days": days}
        self._above = np.zeros(len(likeness), np.int64)

    def allowed(self) -> Flags:
        """Return for each item whether it may be the next."""
        return np.asarray(self._above < self._most)

    def take(self, item: int) -> None:
        """Note that an item is the next of the list."""
        at = float(self._published_at[item])
        self._above += of_one_event(self._likeness(item), self._published_at, at, **self._near)


class Floor:
    """For every k, at least a share of the first k places, rounded down, goes to favoured items."""

    def __init__(self, favoured: Flags, share: float) -> None:
        """Take for each item whether it is favoured (items,), and the share, 0 to 1."""
        self._favoured, self._share = favoured, share
        self._places, self._given = 0, 0

    def allowed(self) -> Flags:
        """Return for each item whether it may be the next."""
        due = _due(self._share, self._places + 1)
        return self._favoured if self._given < due else np.ones(len(self._favoured), np.bool_)

    def take(self, item: int) -> None:
        """Note that an item is the next of the list."""
        self._places, self._given = self._places + 1, self._given + int(self._favoured[item])


class KeptPlaces:
    """Some places of a list go to favoured items, whatever stands above: see `are_kept`."""

    def __init__(self, favoured: Flags, share: float) -> None:
        """Take for each item whether it is favoured (items,), and the share of the places that are kept, 0 to 1."""
        self._favoured, self._kept = favoured, are_kept(len(favoured), share)
        self._places = 0

    def allowed(self) -> Flags:
        """Return for each item whether it may be the next."""
        return self._favoured if self._kept[self._places] else np.ones(len(self._favoured), np.bool_)

    def take(self, item: int) -> None:
        """Note that an item is the next of the list."""
        del item
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
