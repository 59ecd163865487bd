"""How many of the articles nearest to a reader an index finds, held against exact search."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
Search = Callable[[Vectors, int], tuple[Vectors, npt.NDArray[np.int64]]]
"""Unit vectors (queries, dim) and k to inner products and rows (queries, k), -1 for no row."""

RECALL_AT, READERS = 100, 128
"""How deep recall is measured, and for how many readers at most."""
BLOCK = 50_000
ROUNDING = 1e-5
"""Inner products that differ by less are equal: which of two such articles is found does not matter."""


def reader_recall(search: Search, vectors: Vectors, readers: Vectors) -> float | None:
    """Return recall@100 of a search for a sample of user vectors (rows, dim); None if all are zeros."""
    known = np.flatnonzero(readers.any(axis=1))
    if not len(known):
        return None
    chosen = np.random.default_rng(0).permutation(known)[:READERS]
    return recall_at(search, vectors, readers[chosen], RECALL_AT)


def recall_at(search: Search, vectors: Vectors, queries: Vectors, k: int) -> float:
    """Return the mean share of the k exactly nearest rows of `vectors` that `search` finds, 0 to 1.

    Rows as near as the k-th count as found; where there are fewer than k rows, k is their number.
    """
    k = min(k, len(vectors))
    bounds = _kth_best(vectors, queries, k) - ROUNDING
    _, rows = search(queries, k)
    shares = []
    for query, bound, found in zip(queries, bounds, rows, strict=True):
        unique = np.unique(found[found >= 0])
        shares.append(min(k, int((vectors[unique] @ query >= bound).sum())) / k)
    return float(np.mean(shares))


def _kth_best(vectors: Vectors, queries: Vectors, k: int) -> Vectors:
    """Return the k-th largest inner product of each query, (queries,)."""
    best = np.full((len(queries), 0), -np.inf, np.float32)
    for start in range(0, len(vectors), BLOCK):
        best = np.concatenate([best, queries @ vectors[start : start + BLOCK].T], axis=1)
        best = np.partition(best, -k, axis=1)[:, -k:] if best.shape[1] > k else best
    smallest: Vectors = best.min(axis=1)
    return smallest
