"""From users to their ranked articles: user tower, retriever and re-ranker."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.workbench.workbench import Workbench


def retrieve_block(bench: Workbench, users: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Return user_vectors and candidates of some users, in one call of the retriever."""
    vectors = bench.retriever.vectors(users)
    return vectors, bench.retriever(users, vectors, bench.as_of, mutes=bench.mutes())


def rank_block(bench: Workbench, users: pa.Table, candidates: pa.Table) -> pa.Table:
    """Return ranked of some users; scores of earlier rankings are taken over where what would be read is the same."""
    from broadsheet.rerank.cross_encoder.earlier_scores import score_with

    known, scorer = bench.known_scores.of(users.column("user_id").to_pylist()), bench.cross_encoder
    if not known or scorer is None:
        return bench.reranker(users, candidates, bench.mutes())
    reranker = bench.make_reranker(bench.config.rerank.depth, score_with(known, scorer))
    return reranker(users, candidates, bench.mutes())


def rank_for(bench: Workbench, users: pa.Table, as_of: datetime, k: int) -> tuple[pa.Table, dict[str, float]]:
    """Return the RANKED table of users, with k rows each at most, and the seconds by stage."""
    timings: dict[str, float] = {}
    mutes = bench.mutes()
    with timed(timings, "user tower"):
        vectors = bench.retriever.vectors(users)
    with timed(timings, "retrieve"):
        candidates = bench.retriever(users, vectors, as_of, k=k, mutes=mutes)
    with timed(timings, "rerank"):
        reranker = bench.reranker if k <= bench.config.rerank.depth else bench.make_reranker(k)
        ranked = reranker(users, candidates, mutes)
    return ranked.filter(pc.less_equal(ranked.column("rank"), k)), timings


@contextmanager
def timed(timings: dict[str, float], stage: str) -> Iterator[None]:
    """Set down the seconds that the block takes as those of a stage."""
    started = time.perf_counter()
    yield
    timings[stage] = time.perf_counter() - started
