"""From readers to their ranked articles: user tower, retriever and re-ranker, for a request, the night and Ray."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.readers.state import ReaderState
from broadsheet.workbench.workbench import Workbench

if TYPE_CHECKING:
    from broadsheet.rerank import PairScorer
    from broadsheet.rerank.cross_encoder.earlier_scores import EarlierScores


@dataclass(frozen=True)
class Ranking:
    """The vectors, candidates and rankings of some readers, in the order in which the readers were given."""

    vectors: pa.Table
    "Table user_vectors."
    candidates: pa.Table
    "Table candidates."
    ranked: pa.Table
    "Table ranked."
    timings: dict[str, float]
    "Seconds by stage."


def rank(
    bench: Workbench,
    readers: Sequence[ReaderState],
    as_of: datetime,
    k: int | None = None,
    earlier: EarlierScores | None = None,
) -> Ranking:
    """Rank articles for some readers as of a time: at most k, or as many as the config says, best first.

    A score of the cross-encoder is taken over from `earlier` if the cross-encoder would read the same pair of texts.
    """
    timings: dict[str, float] = {}
    vectors, candidates = retrieve_readers(bench, readers, as_of, k, timings)
    with timed(timings, "rerank"):
        ranked = rerank_readers(bench, readers, candidates, k, earlier)
    return Ranking(vectors, candidates, ranked, timings)


def retrieve_readers(
    bench: Workbench,
    readers: Sequence[ReaderState],
    as_of: datetime,
    k: int | None = None,
    timings: dict[str, float] | None = None,
) -> tuple[pa.Table, pa.Table]:
    """Return user_vectors and candidates of some readers: the first half of `rank`, which the build runs by itself."""
    timings = {} if timings is None else timings
    with timed(timings, "user tower"):
        vectors = bench.retriever.vectors(readers)
    with timed(timings, "retrieve"):
        return vectors, bench.retriever(readers, vectors, as_of, k=k)


def rerank_readers(
    bench: Workbench,
    readers: Sequence[ReaderState],
    candidates: pa.Table,
    k: int | None = None,
    earlier: EarlierScores | None = None,
) -> pa.Table:
    """Return table ranked for some readers and their candidates: the second half of `rank`.

    A whole list is ordered, at the depth of the config or at k if k is larger, and then cut to k. So the first ten
    articles are the same whether k is 10 or 20.
    """
    from broadsheet.rerank.cross_encoder.earlier_scores import score_with

    depth, scorer = bench.models.config.rerank.depth, bench.models.cross_encoder
    known = earlier.of([reader.user_id for reader in readers]) if earlier is not None else {}
    if known and scorer is not None:
        reranker = bench.make_reranker(max(k or 0, depth), score_with(known, scorer))
    else:
        reranker = bench.reranker if (k or 0) <= depth else bench.make_reranker(k or 0)
    ranked = reranker(readers, candidates)
    return ranked if k is None else ranked.filter(pc.less_equal(ranked.column("rank"), k))


def known_scores(scorer: PairScorer | None, ranked: Sequence[Path], arithmetic: str | None = None) -> EarlierScores:
    """Return the scores in earlier ranked tables that the same cross-encoder made in the same arithmetic.

    `arithmetic` names device and dtype; without it, the scorer's own is taken. If two tables have a score for the same
    pair, the score of the last table is taken.
    """
    from broadsheet.rerank.cross_encoder.earlier_scores import open_earlier_scores

    if arithmetic is None:
        arithmetic = scorer.arithmetic if scorer else ""
    model = scorer.fingerprint if scorer else ""
    return open_earlier_scores(ranked if model else (), model=model, arithmetic=arithmetic)


@contextmanager
def timed(timings: dict[str, float], stage: str) -> Iterator[None]:
    """Store the seconds that the `with` block takes under the name of a stage."""
    started = time.perf_counter()
    yield
    timings[stage] = time.perf_counter() - started
