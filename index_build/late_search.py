"""A frozen index with late articles beside it, which are compared exactly."""

from collections.abc import Callable

import numpy as np

from broadsheet.tables.arrays import Rows, Vectors


class LateSearch:
    """Searches an index and the articles added since it was built, as if all were in it; safe for several threads."""

    def __init__(self, search: Callable[[Vectors, int], tuple[Vectors, Rows]], late: Vectors, *, first: int) -> None:
        """`late` are the unit vectors of the rows from `first` on, (late, dim)."""
        self._search, self._late, self._first = search, late, first

    def __call__(self, queries: Vectors, k: int) -> tuple[Vectors, Rows]:
        """Return inner products and rows, (queries, k) each, best first, -1 for no row; equal ones by row."""
        scores, rows = self._search(queries, k)
        late = np.broadcast_to(np.arange(self._first, self._first + len(self._late)), (len(queries), len(self._late)))
        scores = np.concatenate([scores, np.asarray(queries, np.float32) @ self._late.T], axis=1)
        rows = np.concatenate([rows, late], axis=1)
        scores = np.where(rows < 0, -np.inf, scores)
        order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        return np.take_along_axis(scores, order, 1), np.take_along_axis(rows, order, 1)
