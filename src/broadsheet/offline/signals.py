"""The re-ranker's signals of what impressions showed, as of each impression's time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from broadsheet.corpus.impressions import Impression
from broadsheet.offline.replay import Floats, blocks, states
from broadsheet.rerank import PairScorer, Reranker
from broadsheet.rerank.cross_encoder.pair_tokens import Pair
from broadsheet.retrieval import interest_vectors
from broadsheet.workbench.workbench import Workbench

Answer = TypeVar("Answer")
Request = tuple[Mapping[str, Any], pa.Table]
"""A row of the table users, and the candidates."""


def impression_signals(
    bench: Workbench, impressions: Sequence[Impression], scorer: PairScorer | None = None
) -> Iterator[dict[str, Floats]]:
    """Yield the re-ranker's signals of what each impression shows, in the order of the impressions.

    `scorer` stands in for the newsroom's cross-encoder.
    """
    for block in blocks(impressions, "Scoring impressions"):
        interests = interest_vectors(bench.retriever.vectors(states(block)))
        requests = [
            (impression.user, bench.retriever.describe(impression.user, vectors, impression.shown, impression.time))
            for impression, vectors in zip(block, interests, strict=True)
        ]
        yield from ask_all(bench, requests, Reranker.signals, scorer)


def ask_all(
    bench: Workbench,
    requests: Sequence[Request],
    ask: Callable[[Reranker, Mapping[str, Any], pa.Table], Answer],
    scorer: PairScorer | None = None,
) -> list[Answer]:
    """Return what the re-ranker answers to each request, such as its signals or scores.

    `scorer` stands in for the newsroom's cross-encoder.

    The re-ranker runs twice: first its cross-encoder only notes the pairs that it is asked for, which are then scored
    together, since small batches of ever new shapes take five times as long.
    """
    scorer = scorer or bench.models.cross_encoder
    if scorer is None:
        return [ask(bench.reranker, user, candidates) for user, candidates in requests]
    depth = bench.config.rerank.depth
    noted: dict[Pair, float] = {}

    def note(pairs: Sequence[Pair]) -> npt.NDArray[np.float32]:
        noted.update(dict.fromkeys(pairs, 0.0))
        return np.zeros(len(pairs), np.float32)

    noting = bench.make_reranker(depth, note)
    for user, candidates in requests:
        noting.signals(user, candidates)
    scores = dict(zip(noted, scorer(list(noted)), strict=True))
    replay = bench.make_reranker(depth, lambda pairs: np.array([scores[pair] for pair in pairs], np.float32))
    return [ask(replay, user, candidates) for user, candidates in requests]
