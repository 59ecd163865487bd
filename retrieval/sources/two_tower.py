"""The source `two_tower`: the articles nearest to any interest of a reader, through the index."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.retrieval.sources.source_input import SourceInput
from broadsheet.tables.arrays import Floats, Rows, Vectors

Search = Callable[[Vectors, int], tuple[Vectors, Rows]]
"""Unit vectors (queries, dim) and k to inner products and rows, (queries, k) each, best first, -1 for no row."""


def search_together(search: Search, interests: Vectors, depth: int) -> Rows:
    """Search all interests (users, interests, dim) as one request; returns rows (users, interests, depth)."""
    users, count, dim = interests.shape
    if not depth:
        return np.zeros((users, count, 0), np.int64)
    _, rows = search(interests.reshape(-1, dim), depth)
    return rows.reshape(users, count, -1)


class TwoTower:
    """Inner products with the reader's interests, the largest for each article, -1 to 1."""

    def __init__(self, catalogue: Catalogue, search: Search, hidden: npt.NDArray[np.bool_]) -> None:
        """`hidden` marks the articles that are not to be shown."""
        self._catalogue, self._search, self._hidden = catalogue, search, hidden

    def propose(self, reader: SourceInput, n: int) -> Rows:
        """Return the n nearest: as if all were compared, where the index is exact."""
        if not reader.interests.any():
            return np.zeros(0, np.int64)
        if reader.few is None:
            rows = np.unique(self._nearest(reader, n))
        else:
            rows = reader.few[~self._hidden[reader.few] & reader.allows(reader.few)]
        return rows[np.argsort(-self(reader, rows), kind="stable")[:n]]

    def __call__(self, reader: SourceInput, rows: Rows) -> Floats:
        """Return the largest inner product over the interests; NaN for a reader of whom nothing is known."""
        if not reader.interests.any():
            return np.full(len(rows), np.nan)
        best: Floats = (reader.vectors(rows) @ reader.interests.T).max(axis=1).astype(np.float64)
        return best

    def _nearest(self, reader: SourceInput, n: int) -> Rows:
        """Return the rows nearest to each interest that the reader may be shown, among them the n nearest to any.

        It searches ever deeper until each interest has n rows left for the reader, or the catalogue ends. A row among
        the n nearest is among the n first of some interest; a quarter more are taken, since a search may round.
        """
        near, depth, size = reader.near, reader.near.shape[1], len(self._catalogue)
        while True:
            left = (near >= 0) & ~self._hidden[near] & reader.allows(near)
            if depth >= size or left.sum(axis=1).min() >= n:
                break
            depth = min(size, max(n, 4 * depth))
            _, near = self._search(reader.interests, depth)
        found: Rows = near[left & (np.cumsum(left, axis=1) <= n + n // 4)]
        return found
