"""The benchmark of the cascade: what is lost, and how much time is won, if the cross-encoder reads fewer candidates.

The cross-encoder scores each pair once. Each depth then runs through the re-ranker as in a night, with these scores.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from broadsheet.corpus.impressions import Impression
from broadsheet.errors import CorpusError
from broadsheet.metrics.ranking import Impressions, ranking_metrics
from broadsheet.offline.replay import Values, blocks, readers_as_of
from broadsheet.offline.signals import WHOLE, ask_all, shown_requests
from broadsheet.readers.state import ReaderState
from broadsheet.rerank import Reranker
from broadsheet.rerank.attention import Attention
from broadsheet.rerank.block import Block
from broadsheet.rerank.cross_encoder.model import Score
from broadsheet.rerank.cross_encoder.pair_tokens import Pair
from broadsheet.rerank.signals import FROM_CANDIDATES, read_signal
from broadsheet.tables.arrays import Floats
from broadsheet.workbench.ranking import retrieve_readers
from broadsheet.workbench.workbench import Workbench

DEPTHS = {"10": 10, "20": 20, "30": 30, "40": 40, "50": 50, "100": 100, "all": WHOLE}
"""The largest numbers of candidates of a reader that are read, by the name of the row; the last reads all."""
METRICS = ("auc", "ndcg@10")
SAME, SAME_ORDER, OVERLAP = "same ten", "same order", "overlap"
TOP = 10
READERS_AT_ONCE = 96
"""Readers of one block, as in a night."""


class Remembered:
    """A cross-encoder that scores each pair once; counts the pairs and the processor time of scoring them."""

    def __init__(self, score: Score) -> None:
        self._score, self._found = score, dict[Pair, np.float32]()
        self.pairs, self.seconds = 0, 0.0

    def __call__(self, pairs: Sequence[Pair]) -> npt.NDArray[np.float32]:
        """Return relevance (pairs,)."""
        new = list(dict.fromkeys(pair for pair in pairs if pair not in self._found))
        if new:
            started = time.process_time()
            self._found |= zip(new, self._score(new), strict=True)
            self.seconds += time.process_time() - started
            self.pairs += len(new)
        return np.array([self._found[pair] for pair in pairs], np.float32)

    @property
    def milliseconds(self) -> float:
        """Processor time of a pair."""
        return 1000 * self.seconds / max(self.pairs, 1)


def measure_lists(bench: Workbench, impressions: Sequence[Impression], score: Score) -> dict[str, Values]:
    """Return AUC and nDCG@10 of each impression by the fused score, for each depth."""
    scores: dict[str, list[Floats]] = {name: [np.zeros(0)] for name in DEPTHS}
    for block in blocks(impressions, "Impressions at each depth"):
        requests = shown_requests(bench, block)
        for name, depth in DEPTHS.items():
            scores[name] += ask_all(bench, requests, Reranker.scores, score, depth)
    clicked = np.array([hit for impression in impressions for hit in impression.clicked], np.bool_)
    offsets = np.cumsum([0, *(len(impression.shown) for impression in impressions)])
    rows = {}
    for name, parts in scores.items():
        found = ranking_metrics(Impressions(np.concatenate(parts), clicked, offsets))
        rows[name] = {metric: found[metric] for metric in METRICS}
    return rows


def draw_histories(impressions: Sequence[Impression], count: int) -> list[Impression]:
    """Return the first impression of `count` readers with a history, drawn by a seed; all if there are fewer.

    Raises CorpusError if no reader has a history.
    """
    firsts = {one.user_id: one for one in reversed(impressions) if one.history_rows}
    if not firsts:
        raise CorpusError("no reader of the split has a history, and the cross-encoder reads histories alone.")
    chosen = np.random.default_rng(0).permutation(len(firsts))[:count]
    able = [firsts[user_id] for user_id in sorted(firsts)]
    return [able[place] for place in sorted(chosen.tolist())]


def measure_pages(
    bench: Workbench, impressions: Sequence[Impression], score: Remembered
) -> tuple[dict[str, Values], dict[str, dict[str, float]], dict[str, float]]:
    """Rank the edition's candidates for the readers of some impressions, with their histories at that time.

    Returns for each depth how like the first ten are to those of the whole reading, a value for each reader; for each
    depth `pairs` and `processor_ms` of a reader; and the cost of the attentive scorer, empty without one.
    """
    ranked: dict[str, list[pa.Table]] = {name: [] for name in DEPTHS}
    seconds, scorer_seconds, candidates_seen = dict.fromkeys(DEPTHS, 0.0), 0.0, 0
    for readers, candidates in _blocks(bench, impressions):
        _rank(bench, readers, candidates, score, WHOLE)  # scores all pairs
        for name, depth in DEPTHS.items():
            started = time.process_time()
            ranked[name].append(_rank(bench, readers, candidates, score, depth))
            seconds[name] += time.process_time() - started
        scorer_seconds += _time_scorer(bench, readers, candidates)
        candidates_seen += len(candidates)
    tables, count = {name: pa.concat_tables(parts) for name, parts in ranked.items()}, len(impressions)
    pages = {name: first_ten(table) for name, table in tables.items()}
    costs = {}
    for name, table in tables.items():
        pairs = (len(table) - table["pair_hash"].null_count) / count
        costs[name] = {"pairs": pairs, "processor_ms": 1000 * seconds[name] / count + pairs * score.milliseconds}
    whole = pages["all"]
    likenesses = {name: likeness(page, whole) for name, page in pages.items() if name != "all"}
    cost = {"candidates": candidates_seen / count, "us_a_candidate": 1e6 * scorer_seconds / candidates_seen}
    return likenesses, costs, cost if bench.models.attention else {}


def first_ten(ranked: pa.Table) -> dict[str, list[str]]:
    """Return the first ten articles of each reader of a table ranked, the first first."""
    found: dict[str, list[str]] = {}
    for user_id, news_id, rank in zip(
        *(ranked[name].to_pylist() for name in ("user_id", "news_id", "rank")), strict=True
    ):
        if rank <= TOP:
            found.setdefault(user_id, []).append(news_id)
    return found


def likeness(pages: Mapping[str, Sequence[str]], whole: Mapping[str, Sequence[str]]) -> Values:
    """Return for each reader whether the ten are the same, and in the same order, and the share that is the same."""
    both = [(page, whole[user_id]) for user_id, page in pages.items()]
    return {
        SAME: np.array([set(ours) == set(theirs) for ours, theirs in both], np.float64),
        SAME_ORDER: np.array([list(ours) == list(theirs) for ours, theirs in both], np.float64),
        OVERLAP: np.array([len({*ours} & {*theirs}) / len(theirs) for ours, theirs in both], np.float64),
    }


def _blocks(bench: Workbench, impressions: Sequence[Impression]) -> Iterator[tuple[list[ReaderState], pa.Table]]:
    """Yield readers and their candidates as of the edition's time, some readers at a time."""
    everyone = readers_as_of(bench.data, impressions)
    for start in range(0, len(everyone), READERS_AT_ONCE):
        readers = everyone[start : start + READERS_AT_ONCE]
        yield readers, retrieve_readers(bench, readers, bench.data.as_of)[1]


def _rank(bench: Workbench, readers: Sequence[ReaderState], candidates: pa.Table, score: Score, depth: int) -> pa.Table:
    rerank = bench.make_reranker(bench.models.config.rerank.depth, score, reads=depth)
    return rerank(readers, candidates, bench.selection)


def _time_scorer(bench: Workbench, readers: Sequence[ReaderState], candidates: pa.Table) -> float:
    """Return the seconds of processor time in which the attentive scorer scores all candidates of some readers."""
    catalogue = bench.data.catalogue
    rows = np.array(catalogue.rows(candidates["news_id"].to_pylist()), np.int64)
    counts = {one["values"]: one["counts"] for one in candidates["user_id"].value_counts().to_pylist()}
    present = [reader for reader in readers if reader.user_id in counts]
    ends = np.cumsum([*counts.values()])[:-1]
    block = Block(catalogue, present, np.split(rows, ends), bench.models.config.retrieval.history)
    signals: dict[str, Any] = {name: read_signal(name, block, candidates) for name in FROM_CANDIDATES}
    attention, started = Attention(bench.models.attention), time.process_time()
    attention(block, signals)
    return time.process_time() - started
