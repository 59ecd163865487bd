"""The source `co_click`: articles clicked lately by the people who clicked what the reader read."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from broadsheet.click_log import ClickLog
from broadsheet.retrieval.reader import Floats, Reader, Rows

HOUR = 3600.0
HALF_LIVES = 10
"""Clicks older than so many half-lives count for less than a thousandth and are left out."""


class CoClicks:
    """Who clicked what before a moment, as a sparse matrix readers x articles."""

    def __init__(self, clicks: ClickLog, as_of: float, *, half_life_hours: float, size: int) -> None:
        """`size` is the number of articles; only clicks strictly before `as_of`, in epoch seconds, count."""
        half_life = half_life_hours * HOUR
        recent = clicks.before(as_of, as_of - HALF_LIVES * half_life)
        weights = 0.5 ** ((as_of - recent.times) / half_life)
        users, codes = np.unique(recent.users, return_inverse=True)
        matrix = csr_array((weights, (codes, recent.rows)), shape=(len(users), size))
        matrix.data = np.minimum(matrix.data, 1)  # an article read twice was read once
        lengths = np.sqrt(matrix.power(2).sum(axis=0))  # (articles,)
        matrix.data /= lengths[matrix.indices]
        self._clicks = matrix

    def __call__(self, histories: Sequence[Rows]) -> list[tuple[Rows, Floats]]:
        """Return for each history the articles that share readers with it, rising, and the mean cosine, 0 to 1."""
        lengths = np.array([len(rows) for rows in histories])
        weights = 1 / np.repeat(lengths, lengths)
        starts = np.cumsum([0, *lengths])
        rows = np.concatenate([np.zeros(0, np.int64), *histories])
        queries = csr_array((weights, rows, starts), shape=(len(histories), self._clicks.shape[1]))
        found = (queries @ self._clicks.T) @ self._clicks
        found.sort_indices()
        bounds = found.indptr
        return [
            (found.indices[start:end].astype(np.int64), np.minimum(found.data[start:end], 1))
            for start, end in pairwise(bounds)
        ]


class CoClick:
    """The scores that `CoClicks` found for the reader."""

    def __init__(self, future: npt.NDArray[np.bool_]) -> None:
        """`future` marks the articles that are not to be shown yet."""
        self._future = future

    def propose(self, reader: Reader, n: int) -> Rows:
        """Return the n best."""
        rows, scores = reader.co_clicks
        kept = ~self._future[rows] & reader.allows(rows)
        rows, scores = rows[kept], scores[kept]
        return rows[np.argsort(-scores, kind="stable")[:n]]

    def __call__(self, reader: Reader, rows: Rows) -> Floats:
        """Return the scores; NaN for an article that shares no reader with the history."""
        known, scores = reader.co_clicks
        if not len(known):
            return np.full(len(rows), np.nan)
        places = np.minimum(np.searchsorted(known, rows), len(known) - 1)
        return np.where(known[places] == rows, scores[places], np.nan)
