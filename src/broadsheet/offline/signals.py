"""The re-ranker's signals of what impressions showed, as of each impression's time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from broadsheet.corpus.impressions import Impression
from broadsheet.offline.replay import blocks, readers_as_of
from broadsheet.readers.state import ReaderState
from broadsheet.rerank import PairScorer, Reranker
from broadsheet.rerank.cross_encoder.pair_tokens import Pair
from broadsheet.retrieval import interest_vectors
from broadsheet.tables.arrays import Floats
from broadsheet.workbench.workbench import Workbench

Answer = TypeVar("Answer")
Request = tuple[ReaderState, pa.Table]
"""A reader and the candidates."""


def impression_signals(
    bench: Workbench, impressions: Sequence[Impression], scorer: PairScorer | None = None
) -> Iterator[dict[str, Floats]]:
    """Yield the re-ranker's signals of what each impression shows, in the order of the impressions.

    `scorer` stands in for the newsroom's cross-encoder.
    """
    for block in blocks(impressions, "Scoring impressions"):
        readers = readers_as_of(bench.data, block)
        interests = interest_vectors(bench.retriever.vectors(readers))
        requests = [
            (reader, bench.retriever.describe(reader, vectors, impression.shown, impression.time))
            for reader, impression, vectors in zip(readers, block, interests, strict=True)
        ]
        yield from ask_all(bench, requests, Reranker.signals, scorer)


def ask_all(
    bench: Workbench,
    requests: Sequence[Request],
    ask: Callable[[Reranker, ReaderState, pa.Table], Answer],
    scorer: PairScorer | None = None,
) -> list[Answer]:
    """Return what the re-ranker answers to each request, such as its signals or scores.

    `scorer` stands in for the newsroom's cross-encoder.

    The re-ranker runs twice: first its cross-encoder only notes the pairs that it is asked for, which are then scored
    together, since small batches of ever new shapes take five times as long.
    """
    scorer = scorer or bench.models.cross_encoder
    if scorer is None:
        return [ask(bench.reranker, reader, candidates) for reader, candidates in requests]
    depth = bench.models.config.rerank.depth
    noted: dict[Pair, float] = {}

    def note(pairs: Sequence[Pair]) -> npt.NDArray[np.float32]:
        noted.update(dict.fromkeys(pairs, 0.0))
        return np.zeros(len(pairs), np.float32)

    noting = bench.make_reranker(depth, note)
    for reader, candidates in requests:
        noting.signals(reader, candidates)
    scores = dict(zip(noted, scorer(list(noted)), strict=True))
    replay = bench.make_reranker(depth, lambda pairs: np.array([scores[pair] for pair in pairs], np.float32))
    return [ask(replay, reader, candidates) for reader, candidates in requests]
