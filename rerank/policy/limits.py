"""The limits of a list: most articles of a category, of a source and of one story, and a floor for small sources.

A story is not a cluster. An article counts as of the story of each article above that it is near to, and of no other:
with chains of likeness, where A is near B and B near C, clusters would put A and C together, which have nothing in
common, and would depend on what else is in the list. So with at most one of a story, no two articles that are near
each other are shown, and nothing is held back that is not near something shown.
"""

from collections.abc import Collection, Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.corpus.same_event import of_one_event
from broadsheet.rerank.policy.diversity import Likeness
from broadsheet.tables.arrays import Flags, Floats, Names


class Cap:
    """At most `most` items of one name; items without a name are not limited."""

    def __init__(self, names: Names, most: int) -> None:
        """Take the name of each item (items,), empty where unknown."""
        values, self._codes = np.unique(names.astype(str), return_inverse=True)
        self._left = np.where(values == "", len(names), most)

    def allowed(self) -> Flags:
        """Return for each item whether it may be the next."""
        return np.asarray(self._left[self._codes] > 0)

    def take(self, item: int) -> None:
        """Note that an item is the next of the list."""
        self._left[self._codes[item]] -= 1


class StoryCap:
    """At most `most` items of one story: an item is out once `most` items above are near to it."""

    def __init__(self, likeness: Likeness, published_at: Floats, most: int, *, similarity: float, days: float) -> None:
        """Near are items with an inner product of `similarity` or more, published within `days` days where known.

        `published_at` are epoch seconds (items,), NaN where unknown.
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
    """At least a share of the first k places, rounded down, for some of the items, whatever k."""

    def __init__(self, favoured: Flags, share: float) -> None:
        """Take for each item whether it counts for the floor (items,), and the share, 0 to 1."""
        self._favoured, self._share = favoured, share
        self._places, self._given = 0, 0

    def allowed(self) -> Flags:
        """Return for each item whether it may be the next."""
        due = int(self._share * (self._places + 1) + 1e-9)  # 0.29 * 100 is a little less than 29
        return self._favoured if self._given < due else np.ones(len(self._favoured), np.bool_)

    def take(self, item: int) -> None:
        """Note that an item is the next of the list."""
        self._places, self._given = self._places + 1, self._given + int(self._favoured[item])


def large_sources(sources: pa.ChunkedArray) -> frozenset[str]:
    """Return the fewest sources that together hold at least half of the articles whose source is known.

    `sources` is the column of a news table. Of two of one size, the one whose name comes first is the larger.
    """
    counts = {entry["values"]: entry["counts"] for entry in pc.value_counts(sources).to_pylist() if entry["values"]}
    half, large = sum(counts.values()) / 2, set[str]()
    for name in sorted(counts, key=lambda name: (-counts[name], name)):
        if sum(counts[one] for one in large) >= half:
            break
        large.add(name)
    return frozenset(large)


def are_small(sources: Iterable[str], large: Collection[str]) -> Flags:
    """Return for each source whether it is known and none of the large ones."""
    return np.array([bool(source) and source not in large for source in sources], np.bool_)
