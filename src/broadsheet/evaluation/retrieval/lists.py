"""Ranked lists of articles for requests, by each row of the benchmark of retrieval.

Lists are catalogue rows, int32 (requests, DEPTH), best first, -1 beyond the end of a shorter list. No list holds what
its reader has read, what was published after the request, or what is outside the pool.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.corpus.click_log import ClickLog
from broadsheet.corpus.impressions import Impression
from broadsheet.errors import InputError
from broadsheet.offline.replay import ClicksBefore, blocks, readers_as_of
from broadsheet.readers.state import ReaderState
from broadsheet.tables.arrays import Flags, Floats
from broadsheet.tables.own_scores import score_column
from broadsheet.tables.vectors import MappedVectors
from broadsheet.workbench.data import EditionData
from broadsheet.workbench.workbench import Workbench

DEPTH = 1000
"""Length of the lists."""
QUERY_TITLES = 10
"""Newest history titles that BM25 asks for."""

Lists = npt.NDArray[np.int32]
Pool = Callable[[datetime], Flags]
"""Which articles may be retrieved at a time. (articles,)"""
Scores = Callable[[Sequence[Impression]], Floats]
"""Scores of all articles for impressions of one time, (impressions, articles), -inf for what is not to be listed."""


def whole_catalogue(data: EditionData) -> Pool:
    """Return the pool of everything that was not published later."""
    published = data.catalogue.published_at
    return lambda time: ~(published > time.timestamp())


class ScoredLists:
    """Lists by scores that need no tower: chance, clicks, words."""

    def __init__(self, data: EditionData, impressions: Sequence[Impression], pool: Pool | None = None) -> None:
        self._impressions, self._pool = impressions, pool or whole_catalogue(data)
        self._size = len(data.catalogue)

    def random(self, rng: np.random.Generator) -> Lists:
        """Return articles drawn at random."""
        return self._best(lambda block: rng.random((len(block), self._size)), "Drawing")

    def popularity(self, clicks: ClickLog, rng: np.random.Generator) -> Lists:
        """Return the articles with most clicks strictly before the request; ties in random order."""
        clicks_before, ties = ClicksBefore(clicks, self._size), rng.random(self._size)
        return self._best(
            lambda block: np.tile(clicks_before(block[0].time) + ties, (len(block), 1)), "Counting clicks"
        )

    def words(self, words: Bm25) -> Lists:
        """Return the articles that share words with the history, by BM25."""
        return self._best(words, "Matching words")

    def _best(self, scores: Scores, what: str) -> Lists:
        lists = np.full((len(self._impressions), DEPTH), -1, np.int32)
        start = 0
        for block in blocks(self._impressions, what, one_time=True):
            found = scores(block)
            found[:, ~self._pool(block[0].time)] = -np.inf
            for values, impression in zip(found, block, strict=True):
                values[impression.history_rows] = -np.inf
            best = best_rows(found, DEPTH)
            lists[start : start + len(block), : best.shape[1]] = best
            start += len(block)
        return lists


def best_rows(scores: Floats, k: int) -> Lists:
    """Return the columns (lines, min(k, columns)) of the k largest scores of each line, best first; -1 for -inf."""
    k = min(k, scores.shape[1])
    rows = np.sort(np.argpartition(-scores, k - 1, axis=1)[:, :k], axis=1)  # so that ties go to the earlier column
    values = np.take_along_axis(scores, rows, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    rows, values = np.take_along_axis(rows, order, 1), np.take_along_axis(values, order, 1)
    return np.where(np.isneginf(values), -1, rows).astype(np.int32)


class Bm25:
    """Word matching between the titles of a history and the texts of all articles (Lucene's BM25, by bm25s)."""

    def __init__(self, data: EditionData) -> None:
        """Raise InputError if bm25s is not installed."""
        try:
            import bm25s
        except ImportError as error:
            raise InputError('BM25: bm25s is missing. Install it: pip install "broadsheet[evaluation]".') from error
        logging.getLogger("bm25s").setLevel(logging.WARNING)  # it reports each step by itself
        self._data, self._tokenize = data, bm25s.tokenize
        news = data.catalogue.news.select(["title", "abstract", "body"])
        texts = [" ".join(parts) for parts in zip(*(column.to_pylist() for column in news.columns), strict=True)]
        self._index = bm25s.BM25()
        self._index.index(self._words(texts), show_progress=False)

    def __call__(self, block: Sequence[Impression]) -> Floats:
        """Return the scores of all articles, (impressions, articles); -inf where no word is shared."""
        scores = np.zeros((len(block), len(self._titles)))
        for row, query in enumerate(self._words(self._queries(block))):
            if query:  # bm25s fails on none
                scores[row] = self._index.get_scores(query)
        return np.where(scores > 0, scores, -np.inf)

    @cached_property
    def _titles(self) -> list[str]:
        titles: list[str] = self._data.catalogue.news.column("title").to_pylist()
        return titles

    def _queries(self, block: Sequence[Impression]) -> list[str]:
        histories = (impression.history_rows[-QUERY_TITLES:] for impression in block)
        return [" ".join(self._titles[row] for row in rows) for rows in histories]

    def _words(self, texts: list[str]) -> list[list[str]]:
        words: list[list[str]] = self._tokenize(texts, stopwords="en", return_ids=False, show_progress=False)
        return words


class RetrievedLists:
    """Lists by the pipeline's retriever, whole or one source alone, with the user vectors of one pair of towers."""

    def __init__(self, bench: Workbench, impressions: Sequence[Impression]) -> None:
        self._bench, self._impressions = bench, impressions
        self._blocks = []
        for block in blocks(impressions, "Reading histories", one_time=True):
            readers = readers_as_of(bench.data, block)
            self._blocks.append((block[0].time, readers, bench.retriever.vectors(readers)))

    def same_readers(self, other: Workbench) -> bool:
        """Whether other towers give the same user vectors."""
        return all(vectors.equals(other.retriever.vectors(readers)) for _, readers, vectors in self._blocks)

    def __call__(self, clicks: ClickLog, pool: Pool | None = None, source: str | None = None) -> Lists:
        """Return the candidates; with `source`, those that it proposes by itself, without what fills a short list.

        The whole catalogue is searched through the index, a pool exactly.
        """
        lists, last = [np.zeros((0, DEPTH), np.int32)], None
        for time, readers, vectors in self._blocks:
            if last is None or (last[0] != time and pool is not None):
                bench = limited(self._bench, clicks, pool(time) if pool else None)
                weights = bench.models.source_weights if source is None else {source: 1.0}
                last = time, bench.make_retriever(weights, quotas=source is None)
            candidates = last[1](readers, vectors, time, k=DEPTH)
            if source is not None:
                candidates = candidates.filter(pa.array(~np.isnan(score_column(candidates, source))))
            lists.append(self._matrix(readers, candidates))
        return np.concatenate(lists)

    def _matrix(self, readers: Sequence[ReaderState], candidates: pa.Table) -> Lists:
        owners = pc.index_in(
            candidates.column("user_id"), value_set=pa.array([reader.user_id for reader in readers], pa.string())
        )
        ids = self._bench.data.catalogue.news.column("news_id").combine_chunks()
        rows = pc.index_in(candidates.column("news_id"), value_set=ids)
        lists = np.full((len(readers), DEPTH), -1, np.int32)
        ranks = candidates.column("rank").to_numpy()
        kept = ranks <= DEPTH
        lists[owners.to_numpy()[kept], ranks[kept] - 1] = rows.to_numpy()[kept]
        return lists


class _PoolSearch:
    """Exact search among some rows of the catalogue: as the index, for a pool too small to need one."""

    def __init__(self, vectors: MappedVectors, pool: Flags) -> None:
        self._rows = np.flatnonzero(pool)
        self._vectors = vectors.take(self._rows)

    def __call__(
        self, queries: npt.NDArray[np.float32], k: int
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        scores = queries @ self._vectors.T
        order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        return np.take_along_axis(scores, order, axis=1), self._rows[order]


def limited(bench: Workbench, clicks: ClickLog, pool: Flags | None) -> Workbench:
    """Return a workbench that shares all models and knows these clicks; articles outside the pool are not published.

    Rows stay what they are, so that histories and clicks of other articles still count.
    """
    catalogue, search = bench.data.catalogue, None
    data = replace(bench.data, articles=catalogue, click_log=clicks, showings=bench.data.exposures)
    if pool is not None:
        published = np.where(pool, catalogue.published_at, np.inf)
        data, search = (
            replace(data, articles=replace(catalogue, published_at=published)),
            _PoolSearch(catalogue.vectors, pool),
        )
    return bench.over(data, search)
