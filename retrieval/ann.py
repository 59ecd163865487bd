"""The source `ann`: the articles nearest to any interest of a reader, through the index."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from broadsheet.retrieval.news_tower import Vectors
from broadsheet.retrieval.reader import Floats, Reader, Rows

Search = Callable[[Vectors, int], tuple[Vectors, Rows]]
"""Unit vectors (queries, dim) and k to inner products and rows, (queries, k) each, best first, -1 for no row."""


def search_together(search: Search, interests: Vectors, depth: int) -> Rows:
    """Search all interests (users, interests, dim) as one request; returns rows (users, interests, depth)."""
    users, count, dim = interests.shape
    if not depth:
        return np.zeros((users, count, 0), np.int64)
    _, rows = search(interests.reshape(-1, dim), depth)
    return rows.reshape(users, count, -1)


class Ann:
    """Inner products with the reader's interests, the largest for each article, -1 to 1."""

    def __init__(self, vectors: Vectors, search: Search, future: npt.NDArray[np.bool_]) -> None:
        """`future` marks the articles that are not to be shown yet."""
        self._vectors, self._search, self._future = vectors, search, future

    def propose(self, reader: Reader, n: int) -> Rows:
        """Return the n nearest: as if all were compared, where the index is exact."""
        if not reader.interests.any():
            return np.zeros(0, np.int64)
        near = self._deep_enough(reader, n)
        rows = np.unique(near[near >= 0])
        rows = rows[~self._future[rows] & reader.allows(rows)]
        return rows[np.argsort(-self(reader, rows), kind="stable")[:n]]

    def __call__(self, reader: Reader, rows: Rows) -> Floats:
        """Return the largest inner product over the interests; NaN for a reader of whom nothing is known."""
        if not reader.interests.any():
            return np.full(len(rows), np.nan)
        best: Floats = (self._vectors[rows] @ reader.interests.T).max(axis=1).astype(np.float64)
        return best

    def _deep_enough(self, reader: Reader, n: int) -> Rows:
        """Search ever deeper until each interest has n rows left for the reader, or the catalogue ends."""
        near, depth = reader.near, reader.near.shape[1]
        while depth < len(self._vectors):
            left = (near >= 0) & ~self._future[near] & reader.allows(near)
            if left.sum(axis=1).min() >= n:
                break
            depth = min(len(self._vectors), max(n, 4 * depth))
            _, near = self._search(reader.interests, depth)
        return near
