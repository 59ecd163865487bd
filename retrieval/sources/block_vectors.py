"""The vectors of the articles that the readers of one block meet, each read from the edition's file once."""

import numpy as np

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.tables.arrays import Rows, Vectors


class BlockVectors:
    """Looks vectors up for one block of readers; many readers are offered the same articles.

    The caller does not change the arrays that it passes and gets. Not safe to call from several threads.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue, self._count = catalogue, 0
        self._last: tuple[Rows, Vectors] = np.zeros(0, np.int64), np.zeros((0, catalogue.vectors.dim), np.float32)
        self._vectors = np.empty((1024, catalogue.vectors.dim), np.float32)
        self._place_of = np.full(len(catalogue), -1, np.int32)  # of each catalogue row, below 0 if it was not met yet

    def __call__(self, rows: Rows) -> Vectors:
        """Return the vectors of rows, (rows, dim)."""
        if rows is self._last[0]:  # a reader's rows are compared and then scored
            return self._last[1]
        places = self._place_of[rows]
        if (places < 0).any():
            self.add(rows)
            places = self._place_of[rows]
        found: Vectors = self._vectors[places]
        self._last = rows, found
        return found

    def add(self, rows: Rows) -> None:
        """Read the vectors of rows that were not met yet."""
        new = np.zeros(len(self._place_of), np.bool_)
        new[rows] = True
        missing = np.flatnonzero(new & (self._place_of < 0))
        end = self._count + len(missing)
        if end > len(self._vectors):
            grown = np.empty((2 * end, self._vectors.shape[1]), np.float32)
            grown[: self._count] = self._vectors[: self._count]
            self._vectors = grown
        self._vectors[self._count : end] = self._catalogue.vectors_of(missing)
        self._place_of[missing] = np.arange(self._count, end)
        self._count = end
