"""The re-ranker's signals of what impressions showed, as of each impression's time."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, TypeVar

import numpy as np
import pyarrow as pa

from broadsheet.corpus.impressions import Impression
from broadsheet.offline.counters import co_clicks_of, counters_of
from broadsheet.offline.replay import blocks, readers_as_of, reads_before
from broadsheet.readers.state import ReaderState
from broadsheet.rerank import PairScorer, Reranker
from broadsheet.rerank.attentive_scorer import inputs
from broadsheet.rerank.attentive_scorer.scorer import TrainedScorer
from broadsheet.rerank.cross_encoder.model import Score
from broadsheet.retrieval import interest_vectors
from broadsheet.tables.arrays import Floats
from broadsheet.workbench.workbench import Workbench

DAY = 86400.0
WHOLE = sys.maxsize
"""The number of candidates to read that has the cross-encoder read all."""
Answer = TypeVar("Answer")
Request = tuple[ReaderState, pa.Table]
"""A reader and the candidates."""


def impression_signals(
    bench: Workbench, impressions: Sequence[Impression], scorer: PairScorer | None = None, reads: int | None = None
) -> Iterator[dict[str, Floats]]:
    """Yield the re-ranker's signals of what each impression shows, in the order of the impressions.

    `scorer` stands in for the newsroom's cross-encoder. It reads of a long impression what it would read of as many
    candidates, so that weights and fusions learn from the values that they meet in a ranking; `reads` replaces their
    number, and WHOLE has all read.
    """
    for block in blocks(impressions, "Scoring impressions"):
        yield from ask_all(bench, shown_requests(bench, block), Reranker.signals, scorer, reads)


def shown_requests(bench: Workbench, impressions: Sequence[Impression]) -> list[Request]:
    """Return of each impression the reader, and what was shown as candidates, as of its time."""
    readers = readers_as_of(bench.data, impressions)
    interests = interest_vectors(bench.retriever.vectors(readers))
    return [
        (reader, bench.retriever.describe(reader, vectors, impression.shown, impression.time))
        for reader, impression, vectors in zip(readers, impressions, interests, strict=True)
    ]


def impression_counts(
    bench: Workbench, impressions: Sequence[Impression], counters: Literal["live", "night"]
) -> list[Floats]:
    """Return what the attentive scorer reads of each shown article beside its text, as of the impression.

    Each is (shown, counts); see COUNTS. With `counters` "night" what other readers did counts until the last midnight
    (UTC); an article's age is always that at the impression.
    """
    times = np.array([one.time.timestamp() for one in impressions])
    moments = times // DAY * DAY if counters == "night" else times
    data, lengths = bench.data, [len(one.shown) for one in impressions]
    found = counters_of(data, impressions, moments)
    found |= {"co_click": co_clicks_of(data.clicks, len(data.catalogue), impressions, {counters: moments})[counters]}
    rows = np.array([row for one in impressions for row in one.shown_rows], np.int64)
    found["freshness"] = bench.retriever.freshness(rows, np.repeat(times, lengths))
    return np.split(inputs.count_columns(found), np.cumsum(lengths)[:-1])


def attention_requests(
    bench: Workbench, impressions: Sequence[Impression], counts: Sequence[Floats]
) -> list[inputs.Request]:
    """Return what the attentive scorer is asked of each impression, whose counts are (shown, counts).

    As in a ranking, it reads the newest articles of a history, at most as many as `retrieval.history` says.
    """
    known_reads, newest = reads_before(bench.data, impressions), bench.models.config.retrieval.history
    return [
        inputs.Request(one.history_rows[::-1][:newest], one.shown_rows, ours, reads[::-1][:newest])
        for one, ours, reads in zip(impressions, counts, known_reads, strict=True)
    ]


def attention_scores(bench: Workbench, impressions: Sequence[Impression], signals: Mapping[str, Floats]) -> Floats:
    """Return the signal `attention` of what impressions show, laid end to end (shown,), with counts of other signals.

    `signals` (shown,) are those that retrieval computes. All NaN without an attentive scorer.
    """
    counts = inputs.count_columns(signals)  # (shown, counts)
    if bench.models.attention is None:
        return np.full(len(counts), np.nan)
    ends = np.cumsum([len(one.shown) for one in impressions])[:-1]
    return scores_by(bench.models.attention, bench, impressions, np.split(counts, ends))


def scores_by(
    scorer: TrainedScorer, bench: Workbench, impressions: Sequence[Impression], counts: Sequence[Floats]
) -> Floats:
    """Return what an attentive scorer says of what impressions show, laid end to end (shown,).

    `counts` are those of each impression, (shown, counts); see impression_counts.
    """
    make = inputs.InputMaker(bench.data.catalogue)
    parts = [scorer(make, one) for one in attention_requests(bench, impressions, counts)]
    return np.concatenate([np.zeros(0), *parts])


def unseen_scores(bench: Workbench, impressions: Sequence[Impression]) -> Floats:
    """Return the signal `unseen` of what impressions show, laid end to end (shown,), as of each impression."""
    readers = readers_as_of(bench.data, impressions)
    parts = [
        bench.retriever.unseen(reader, np.array(one.shown_rows, np.int64), one.time.timestamp())
        for reader, one in zip(readers, impressions, strict=True)
    ]
    return np.concatenate([np.zeros(0), *parts])


def ask_all(
    bench: Workbench,
    requests: Sequence[Request],
    ask: Callable[[Reranker, Sequence[ReaderState], Sequence[pa.Table]], list[Answer]],
    scorer: Score | None = None,
    reads: int | None = None,
) -> list[Answer]:
    """Return what the re-ranker answers to each request, such as its signals or scores.

    `scorer` stands in for the newsroom's cross-encoder, `reads` for the number of candidates that it reads.
    """
    depth, scorer = bench.models.config.rerank.depth, scorer or bench.models.cross_encoder
    reranker = bench.make_reranker(depth, scorer, reads=reads)
    return ask(reranker, [reader for reader, _ in requests], [candidates for _, candidates in requests])
