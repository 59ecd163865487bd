"""The source `co_click`: articles clicked lately by the people who clicked what the reader read.

The click log alone is read. Histories that were imported bear no times, so as of an earlier moment they would tell of
clicks that came later.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from broadsheet.corpus.click_log import ClickLog
from broadsheet.retrieval.sources.source_input import SourceInput
from broadsheet.tables.arrays import Floats, Integers, Rows
from broadsheet.tables.locks import ThreadLock

HALF_LIFE = 72 * 3600.0
"""Seconds; longer than that of `popularity`, since who reads what changes more slowly than what is read."""
HALF_LIVES = 10
"""Clicks older than HALF_LIVES half-lives count for less than a thousandth and are left out."""
STALE_SECONDS = 60.0
"""How long the co-clicks serve while clicks come in: who reads what changes slowly, and a count of all takes long."""
READERS = 1000
"""Most readers asked of an article of the history, those that count for most: a bound on the work for a popular one."""


class CoClicks:
    """Who clicked what before a moment, as a sparse matrix (readers, articles) with columns of unit length.

    A product of two columns is the cosine of two articles by who clicked them (item-based collaborative filtering,
    Sarwar et al. 2001, section 3.1), so that popular ones do not win by their number. A click counts for less the more
    its reader clicks, by the square root.
    """

    def __init__(self, clicks: ClickLog, as_of: float, *, size: int) -> None:
        """`size` is the number of articles; only clicks strictly before `as_of`, in epoch seconds, count."""
        recent = clicks.before(as_of, as_of - HALF_LIVES * HALF_LIFE)
        weights = 0.5 ** ((as_of - recent.times) / HALF_LIFE)
        users, codes = np.unique(recent.users, return_inverse=True)
        matrix = csr_array((weights, (codes, recent.rows)), shape=(len(users), size))
        matrix.data = np.minimum(matrix.data, 1)  # an article clicked again is still one article
        clicked = np.diff(matrix.indptr)  # articles of each reader
        matrix.data /= np.sqrt(np.repeat(clicked, clicked))
        lengths = np.sqrt(np.bincount(matrix.indices, matrix.data**2, minlength=size))
        matrix.data /= lengths[matrix.indices]
        self._clicks, self._readers = matrix, _strongest(matrix.T.tocsr())

    def __call__(self, histories: Sequence[Rows]) -> list[tuple[Rows, Floats]]:
        """Return for each history the articles that share readers with it, rising, and their scores.

        Articles added later, whose rows are not below `size`, share none.
        A score is 1 - exp(-sum of the cosines), 0 to 1: near the sum where it is small, and never more than 1.
        """
        found = _fellows(self._readers, histories) @ self._clicks
        found.sort_indices()
        return [
            (found.indices[start:end].astype(np.int64), -np.expm1(-found.data[start:end]))
            for start, end in pairwise(found.indptr)
        ]

    def pairs(self, histories: Sequence[Rows], owners: Integers, rows: Rows) -> Floats:
        """Return the score of each article of `rows` (pairs,) for the history at its place of `owners` (pairs,).

        The same scores as those of a call, without those of all other articles; NaN for an article that shares no
        reader with the history.
        """
        return pair_scores(_fellows(self._readers, histories), self._columns, owners, rows)

    @cached_property
    def _columns(self) -> csr_array:
        """Return the clicks on each article (articles, readers)."""
        return self._clicks.T.tocsr()


def running_pairs(articles: csr_array, histories: Sequence[Rows], owners: Integers, rows: Rows) -> Floats:
    """Return what `CoClicks.pairs` returns, from its columns (articles, readers), which may hold zeros."""
    asked = np.unique(np.concatenate([np.zeros(0, np.int64), *histories]))
    readers = _strongest(articles.copy(), asked[asked < articles.shape[0]])
    return pair_scores(_fellows(readers, histories), articles, owners, rows)


def pair_scores(fellows: csr_array, articles: csr_array, owners: Integers, rows: Rows) -> Floats:
    """Return the score of each article of `rows` (pairs,) for the history at its place of `owners` (pairs,).

    `fellows` says how much each reader shares with each history (histories, readers), `articles` has the columns of
    CoClicks (articles, readers).
    """
    sums = np.asarray(fellows[owners].multiply(articles[rows]).sum(axis=1))
    return np.where(sums > 0, -np.expm1(-sums), np.nan)


def _fellows(readers: csr_array, histories: Sequence[Rows]) -> csr_array:
    """Return how much each reader shares with each history (histories, readers)."""
    size = readers.shape[0]
    histories = [history[history < size] for history in histories]
    rows = np.concatenate([np.zeros(0, np.int64), *histories])
    starts = np.cumsum([0, *map(len, histories)])
    return csr_array((np.ones(len(rows)), rows, starts), shape=(len(histories), size)) @ readers


def _strongest(readers: csr_array, rows: Rows | None = None) -> csr_array:
    """Return a matrix (articles, readers) with the READERS largest values of each article, or of those in `rows`."""
    counts = np.diff(readers.indptr)
    many = np.flatnonzero(counts > READERS) if rows is None else rows[counts[rows] > READERS]
    for row in many:
        values = readers.data[readers.indptr[row] : readers.indptr[row + 1]]
        known = np.flatnonzero(values)
        if len(known) > READERS:
            values[known[np.argpartition(values[known], -READERS)[:-READERS]]] = 0
    readers.eliminate_zeros()
    return readers


class LastCoClicks:
    """The CoClicks of a click log as of the last moment asked for.

    Retrievers of one edition share them: articles added later have no clicks in the log. Safe to call from several
    threads.
    """

    def __init__(self, clicks: ClickLog, earlier: LastCoClicks | None = None) -> None:
        """`earlier` are those of an earlier state of the same log, whose CoClicks may serve for STALE_SECONDS more."""
        self.clicks = clicks
        self._lock = ThreadLock()
        self._last: tuple[float, CoClicks] | None = earlier._last if earlier is not None else None
        self._stale = 0.0 if earlier is None else STALE_SECONDS

    def __call__(self, as_of: float, *, size: int) -> CoClicks:
        """Return the CoClicks as of a time in epoch seconds, with room for at least `size` articles."""
        with self._lock:
            if self._last is None or not (self._last[0] == as_of or 0 <= as_of - self._last[0] < self._stale):
                self._last = as_of, CoClicks(self.clicks, as_of, size=size)
            return self._last[1]


class CoClick:
    """The scores that `CoClicks` found for the reader."""

    def __init__(self, future: npt.NDArray[np.bool_]) -> None:
        """`future` marks the articles that are not to be shown yet."""
        self._future = future

    def propose(self, reader: SourceInput, n: int) -> Rows:
        """Return the n best."""
        rows, scores = reader.co_clicks
        kept = ~self._future[rows] & reader.allows(rows)
        rows, scores = rows[kept], scores[kept]
        return rows[np.argsort(-scores, kind="stable")[:n]]

    def __call__(self, reader: SourceInput, rows: Rows) -> Floats:
        """Return the scores; NaN for an article that shares no reader with the history."""
        known, scores = reader.co_clicks
        if not len(known):
            return np.full(len(rows), np.nan)
        places = np.minimum(np.searchsorted(known, rows), len(known) - 1)
        return np.where(known[places] == rows, scores[places], np.nan)
