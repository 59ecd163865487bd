"""The stages of a request up to its ranking, each with its seconds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.workbench import Workbench


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
