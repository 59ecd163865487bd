"""Recall against exact search and queries a second, and the parameters that give the one at the most of the other."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import faiss
import numpy as np
import numpy.typing as npt

from broadsheet.index_build.parameters import AT, Parameters, layers, search_parameters
from broadsheet.tables.arrays import Rows, Vectors
from broadsheet.tables.vectors import MappedVectors

ROUNDING = 1e-5
"""Inner products that differ by less are equal: the same products summed in another order do."""
TAKEN = 20_000
"""Vectors of found rows that are held at once: 29 MiB at 384 dimensions."""

BATCH = 192
"""Queries searched together: the interests of the readers that a build handles at once."""
ROUNDS = 3
BREADTHS = (100, 125, 160, 200, 250, 320, 400, 500, 640, 800, 1000, 1250, 1600, 2000, 2500, 3200, 4000)
LISTS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048)
FACTORS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
WORTH = 0.9
"""A larger k_factor is tried no more once it gives less than this share of the best speed."""


@dataclass(frozen=True)
class Exact:
    """What exact search finds for some queries."""

    queries: Vectors
    "Unit vectors (queries, dim)."
    nearest: Vectors
    "Inner products with each query's true neighbours, the nearest first (queries, k)."
    rows: Rows
    "The rows of these neighbours (queries, k)."

    @property
    def k(self) -> int:
        """True neighbours of each query."""
        return int(self.nearest.shape[1])

    @property
    def least(self) -> Vectors:
        """The inner product of each query's last true neighbour (queries,)."""
        last: Vectors = self.nearest[:, -1]
        return last

    def at(self, k: int) -> "Exact":
        """Return the same for the k nearest, or for all that there are."""
        return Exact(self.queries, self.nearest[:, :k], self.rows[:, :k])


@dataclass(frozen=True)
class Measured:
    """What an index finds, and how fast."""

    parameters: Parameters
    recall: float
    "Mean share of the true neighbours that are found, at AT."
    low: float
    "The same less twice its standard error: what other queries of the kind will find at least, most likely."
    qps: float
    "Queries a second in batches of BATCH; 0 where it was not timed."


def search_exactly(vectors: MappedVectors, queries: Vectors, k: int = AT) -> Exact:
    """Compare the queries with all vectors, block by block, for the k nearest of each, or all where there are fewer."""
    k = min(k, len(vectors))
    best, rows = np.full((len(queries), 0), -np.inf, np.float32), np.full((len(queries), 0), -1)
    first = 0
    for block in vectors:
        scores, places = faiss.knn(queries, block, min(k, len(block)), metric=faiss.METRIC_INNER_PRODUCT)
        best, rows = np.hstack([best, scores]), np.hstack([rows, places + first])
        order = np.argsort(-best, axis=1, kind="stable")[:, :k]
        best, rows = np.take_along_axis(best, order, axis=1), np.take_along_axis(rows, order, axis=1)
        first += len(block)
    return Exact(queries, best, rows)


def shares_found(rows: Rows, exact: Exact, vectors: MappedVectors) -> npt.NDArray[np.float64]:
    """Return which share of each query's true neighbours is among the rows found for it (queries, k), 0 to 1.

    What is as near as the last true neighbour counts as found, since articles of the same text have the same vector,
    and which of them are listed does not matter. A row counts once; -1 is none.
    """
    ordered = np.sort(rows[:, : exact.k], axis=1)
    counted = np.diff(ordered, axis=1, prepend=-1) > 0
    known = np.zeros(ordered.shape, bool)
    for query, neighbours in enumerate(exact.rows):
        known[query] = counted[query] & np.isin(ordered[query], neighbours)
    # Vectors of the few others alone are read, for ties: rows far apart in a file larger than memory are slow to read.
    near: npt.NDArray[np.int64] = known.sum(axis=1)
    asked, columns = np.nonzero(counted & ~known)
    for start in range(0, len(asked), TAKEN):
        part = asked[start : start + TAKEN]
        found = vectors.take(ordered[part, columns[start : start + TAKEN]])
        scores = np.einsum("nd,nd->n", exact.queries[part], found)
        np.add.at(near, part, scores >= exact.least[part] - ROUNDING)
    shares: npt.NDArray[np.float64] = near / exact.k
    return shares


def measure_recall(index: faiss.Index, exact: Exact, vectors: MappedVectors, tuned: Parameters) -> Measured:
    """Search with given parameters, and measure the recall alone."""
    wanted = search_parameters(index, tuned, exact.k)
    batches = [exact.queries[start : start + BATCH] for start in range(0, len(exact.queries), BATCH)]
    rows = np.concatenate([index.search(queries, exact.k, params=wanted)[1] for queries in batches])
    recalls = shares_found(rows, exact, vectors)
    mean = float(recalls.mean())
    return Measured(tuned, mean, mean - 2 * float(recalls.std()) / len(recalls) ** 0.5, 0.0)


def measure_speed(index: faiss.Index, queries: Vectors, tuned: Parameters, k: int) -> float:
    """Return queries a second in the quickest of some rounds: what else the machine does only makes a round longer."""
    wanted, spent = search_parameters(index, tuned, k), []
    for _ in range(ROUNDS):
        started = perf_counter()
        for start in range(0, len(queries), BATCH):
            index.search(queries[start : start + BATCH], k, params=wanted)
        spent.append(perf_counter() - started)
    return len(queries) / min(spent)


def tune(index: faiss.Index, exact: Exact, vectors: MappedVectors, recall: float) -> Measured:
    """Return the fastest parameters whose recall is at least `recall` (`low` is what counts), timed.

    If no parameters reach it, return those of the highest recall.
    """
    reached: Measured | None = None
    missed: list[Measured] = []
    for base in _factors(index):
        ladder = _ladder(index, base)
        tried: dict[int, Measured] = {}

        def enough(place: int, ladder: Sequence[Parameters] = ladder, tried: dict[int, Measured] = tried) -> bool:
            tried[place] = measure_recall(index, exact, vectors, ladder[place])
            return tried[place].low >= recall

        place = bisect_left(range(len(ladder)), True, key=enough)
        if place == len(ladder):
            missed.append(tried[len(ladder) - 1])
            continue
        found = replace(tried[place], qps=measure_speed(index, exact.queries, ladder[place], exact.k))
        if reached is None or found.qps > reached.qps:
            reached = found
        elif found.qps < WORTH * reached.qps:
            break
    best = reached or max(missed, key=lambda measured: measured.recall)
    return best if best.qps else replace(best, qps=measure_speed(index, exact.queries, best.parameters, exact.k))


def _factors(index: faiss.Index) -> list[Parameters]:
    refined = isinstance(layers(index)[0], faiss.IndexRefine)
    return [Parameters(k_factor=factor) for factor in FACTORS] if refined else [Parameters()]


def _ladder(index: faiss.Index, base: Parameters) -> list[Parameters]:
    """Return parameters from the least to the most thorough; one, where the kind has nothing to set."""
    inner = layers(index)[-1]
    if isinstance(inner, faiss.IndexHNSW):
        least = AT * max(1, base.k_factor)
        breadths = [least, *(breadth for breadth in BREADTHS if breadth > least)]
        return [replace(base, efSearch=breadth) for breadth in breadths]
    if isinstance(inner, faiss.IndexIVF):
        counts = [count for count in LISTS if count < inner.nlist] + ([inner.nlist] if inner.nlist <= LISTS[-1] else [])
        return [replace(base, nprobe=count) for count in counts]
    return [base]
