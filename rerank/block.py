"""Some readers and their candidates as arrays, so that a step of the ranking is a few operations for all of them.

Readers differ in the number of their candidates and of the articles that they read. Places that a reader does not fill
hold NO_ROW. No number of a reader may depend on who else is in the block: so products of vectors are made for each
reader apart, since a matrix product rounds in another way if it has another shape, and sums along a list are taken one
by one (`mean_of`), since NumPy adds a longer list in another order.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.corpus.names import UNKNOWN
from broadsheet.readers.history_weights import HistoryWeights
from broadsheet.readers.reads import READS
from broadsheet.readers.state import ReaderState
from broadsheet.tables.arrays import Flags, Floats, Integers, Rows, Vectors

NO_ROW = -1
READERS_AT_ONCE = 256
"""Most readers of one block; a larger number of readers is ranked block by block, so that memory stays the same."""
PAIRS_AT_ONCE = 1 << 22
"""Most pairs of a reader's articles in one block, 16 MiB for each array over pairs: long lists make small blocks."""
Kind = TypeVar("Kind", bound=np.generic)


class Block:
    """Some readers, what each has read, and the candidates of each."""

    def __init__(
        self,
        catalogue: Catalogue,
        readers: Sequence[ReaderState],
        candidates: Sequence[Sequence[int] | Rows],
        history: int,
        weigh: HistoryWeights | None = None,
    ) -> None:
        """Take the catalogue rows of each reader's candidates; the newest `history` articles that were read count.

        `weigh` gives how much each of these counts; None for all the same.
        """
        self.catalogue, self.readers = catalogue, readers
        self.rows = _filled(candidates)
        "Catalogue rows of the candidates, (readers, candidates)."
        self.there: Flags = self.rows != NO_ROW
        "Which places hold a candidate, (readers, candidates)."
        self.lengths: Integers = self.there.sum(axis=1)
        "The number of each reader's candidates, (readers,)."
        self.history = _filled([list(reader.history[-history:])[::-1] for reader in readers])
        "Catalogue rows of the articles read, the newest first, (readers, articles)."
        self.reads = _reads(readers, self.history.shape[1])
        "What is known of each read of `history`, (readers, articles, READS), NaN where unknown."
        self.worth = None if weigh is None else _worth(readers, weigh, self.history.shape[1])
        "How much each article of `history` counts, (readers, articles); None if all count the same."

    def in_order(self, values: npt.NDArray[Kind], order: Rows) -> npt.NDArray[Kind]:
        """Return the values (readers, candidates) of all candidates laid end to end, each reader's in an order.

        `order` is (readers, candidates): the places of the candidates, the first first.
        """
        return np.take_along_axis(values, order, axis=1)[self.there]

    def spread(self, values: Floats) -> Floats:
        """Return values of all candidates, laid end to end, as (readers, candidates), else NaN."""
        found = np.full(self.rows.shape, np.nan)
        found[self.there] = values
        return found

    def numbers(self, kind: str, rows: Rows) -> Integers:
        """Return the numbers of the names of rows, such as their categories; UNKNOWN too where there is no row."""
        if not len(self.catalogue):
            return np.full(rows.shape, UNKNOWN)
        return np.where(rows == NO_ROW, UNKNOWN, self.catalogue.names[kind].numbers[rows])

    @cached_property
    def likeness(self) -> Vectors:
        """Inner products of a reader's candidates with one another, (readers, candidates, candidates)."""
        return self._products(self.rows)

    @cached_property
    def nearness(self) -> Vectors:
        """Inner products of candidates and articles read, (readers, candidates, articles)."""
        return self._products(self.history)

    def nearest(self, count: int) -> Rows:
        """Return the rows of the articles read most like each candidate, (readers, candidates, count), best first.

        Of equally similar articles the newer comes first; an article read twice counts once. Where fewer were read, the
        last are NO_ROW. What stands where there is no candidate is not read.
        """
        history = self.history[:, None, :]
        again = np.tril(history == self.history[..., None], -1).any(axis=-1)  # read more lately too
        near = np.where((again | (self.history == NO_ROW))[:, None, :], -np.inf, self.nearness)
        if count == 1 and near.shape[-1]:
            places = near.argmax(axis=-1)[..., None]
        else:
            places = np.argsort(-near, axis=-1, kind="stable")[..., :count]
        found = np.take_along_axis(np.broadcast_to(history, near.shape), places, axis=-1)
        return np.where(np.isneginf(np.take_along_axis(near, places, axis=-1)), NO_ROW, found)

    def vectors_of(self, rows: Rows) -> Vectors:
        """Return the vectors of candidates or articles read; of any other row, the vector of some other article."""
        vectors, place_of = self._vectors
        return vectors[place_of[rows]]

    @cached_property
    def _vectors(self) -> tuple[Vectors, Rows]:
        """The vectors of all rows of the block, each once, and for each catalogue row its place among them."""
        used = np.zeros(len(self.catalogue), np.bool_)
        for rows in (self.rows, self.history):
            used[rows[rows != NO_ROW]] = True
        found = np.flatnonzero(used)
        return self.catalogue.vectors_of(found), np.cumsum(used) - 1

    def _products(self, others: Rows) -> Vectors:
        """Return the products of each reader's candidates with the articles at `others`, else 0."""
        vectors, place_of = self._vectors
        found = np.zeros((*self.rows.shape, others.shape[1]), np.float32)
        for number, (ours, theirs) in enumerate(zip(self.rows, others, strict=True)):
            ours, theirs = ours[ours != NO_ROW], theirs[theirs != NO_ROW]
            products = vectors[place_of[ours]] @ vectors[place_of[theirs]].T
            found[number, : len(ours), : len(theirs)] = products
        return found


def parts_of(sizes: Sequence[int]) -> Iterator[slice]:
    """Yield which readers are ranked in one block, in their order; each block has one reader at least.

    `sizes` has the number of each reader's articles. A block has at most READERS_AT_ONCE readers, and its readers times
    the square of its largest size are at most PAIRS_AT_ONCE. For example, 4 readers with 1,000 articles each make a
    block of 4,000,000 pairs, and a fifth such reader begins the next block.
    """
    start, largest = 0, 0
    for place, size in enumerate(sizes):
        readers = place + 1 - start
        if readers > 1 and (readers > READERS_AT_ONCE or readers * max(largest, size) ** 2 > PAIRS_AT_ONCE):
            yield slice(start, place)
            start, largest = place, 0
        largest = max(largest, size)
    if start < len(sizes):
        yield slice(start, len(sizes))


def mean_of(values: Floats, there: Flags) -> Floats:
    """Return the mean of the values (..., candidates) that are there, (..., 1); 0 for a list without any."""
    counts = np.maximum(there.sum(axis=-1, keepdims=True), 1)
    sums: Floats = np.cumsum(np.where(there, values, 0.0), axis=-1)[..., -1:]
    means: Floats = sums / counts
    return means


def _reads(readers: Sequence[ReaderState], longest: int) -> Vectors:
    """Return what is known of the newest reads of each reader, the newest first, (readers, longest, READS)."""
    found = np.full((len(readers), longest, len(READS)), np.nan, np.float32)
    for place, reader in zip(found, readers, strict=True):
        if reader.reads is not None:
            newest = reader.reads[::-1][:longest]
            place[: len(newest)] = newest
    return found


def _worth(readers: Sequence[ReaderState], weigh: HistoryWeights, longest: int) -> Floats:
    """Return how much the newest articles of each history count, the newest first, (readers, longest)."""
    found = np.zeros((len(readers), longest))
    for place, reader in zip(found, readers, strict=True):
        newest = weigh(reader)[::-1][:longest]
        place[: len(newest)] = newest
    return found


def _filled(lists: Sequence[Sequence[int] | Rows]) -> Rows:
    """Return lists of rows as (lists, longest), NO_ROW where a list has ended."""
    found = np.full((len(lists), max(map(len, lists), default=0)), NO_ROW, np.int64)
    for place, rows in zip(found, lists, strict=True):
        place[: len(rows)] = rows
    return found
