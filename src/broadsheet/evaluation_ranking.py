"""Ranking measured on impressions, by MIND's rules: AUC, MRR, nDCG@5 and nDCG@10 of the articles that were shown.

The signals are those of the pipeline's own retriever and re-ranker, as of each impression's time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from broadsheet.evaluation import (
    POPULARITY,
    RANDOM,
    TOWERS,
    ClicksBefore,
    Floats,
    Impression,
    Values,
    blocks,
    mean_over_seeds,
    states,
)
from broadsheet.metrics import Impressions, ranking_metrics
from broadsheet.rerank.cross_encoder import Pair
from broadsheet.rerank.fusion import fuse
from broadsheet.retrieval import interest_vectors
from broadsheet.workbench import Workbench

CROSS_ENCODER, WITHOUT, PIPELINE = "cross-encoder alone", "pipeline without the cross-encoder", "pipeline"

NOTES = {
    RANDOM: "a random order; mean of three seeds",
    POPULARITY: "clicks on the article strictly before the impression; ties in random order, mean of three seeds",
    TOWERS: "inner product of the untrained towers alone",
    CROSS_ENCODER: "relevance by the trained cross-encoder alone",
    WITHOUT: "the re-ranker's fused score with relevance at weight 0",
    PIPELINE: "the re-ranker's fused score, with the newsroom's weights",
}
"""What each row is."""


def pipeline_scores(bench: Workbench, impressions: Sequence[Impression]) -> dict[str, Floats]:
    """Return scores by the towers, the cross-encoder, and the pipeline with and without it, laid end to end (shown,).

    Where a signal is absent, as for a reader without a history, it is 0 for all, so that they tie. Without a trained
    cross-encoder it has no entry.
    """
    weights = vars(bench.config.rerank.weights)
    parts: dict[str, list[Floats]] = {TOWERS: [], CROSS_ENCODER: [], WITHOUT: [], PIPELINE: []}
    for signals in impression_signals(bench, impressions):
        parts[TOWERS].append(np.nan_to_num(signals["tower"]))
        parts[CROSS_ENCODER].append(np.nan_to_num(signals["relevance"]))
        parts[WITHOUT].append(fuse(signals, weights | {"relevance": 0.0}))
        parts[PIPELINE].append(fuse(signals, weights))
    if bench.cross_encoder is None:
        del parts[CROSS_ENCODER], parts[WITHOUT]
    return {name: np.concatenate(part) if part else np.zeros(0) for name, part in parts.items()}


def impression_signals(bench: Workbench, impressions: Sequence[Impression]) -> Iterator[dict[str, Floats]]:
    """Yield the re-ranker's signals of what each impression shows, in the order of the impressions."""
    for block in blocks(impressions, "Scoring impressions"):
        yield from _signals(bench, block)


def _signals(bench: Workbench, block: Sequence[Impression]) -> list[dict[str, Floats]]:
    """Return the re-ranker's signals of each impression.

    The re-ranker runs twice: first its cross-encoder only notes the pairs that it is asked for, which are then scored
    together, since small batches of ever new shapes take five times as long.
    """
    interests = interest_vectors(bench.retriever.vectors(states(block)))
    requests = [
        (impression.user, bench.retriever.describe(impression.user, vectors, impression.shown, impression.time))
        for impression, vectors in zip(block, interests, strict=True)
    ]
    if bench.cross_encoder is None:
        return [bench.reranker.signals(user, candidates) for user, candidates in requests]
    depth = bench.config.rerank.depth
    noted: dict[Pair, float] = {}

    def note(pairs: Sequence[Pair]) -> npt.NDArray[np.float32]:
        noted.update(dict.fromkeys(pairs, 0.0))
        return np.zeros(len(pairs), np.float32)

    for user, candidates in requests:
        bench.make_reranker(depth, note).signals(user, candidates)
    scores = dict(zip(noted, bench.cross_encoder(list(noted)), strict=True))
    replay = bench.make_reranker(depth, lambda pairs: np.array([scores[pair] for pair in pairs], np.float32))
    return [replay.signals(user, candidates) for user, candidates in requests]


def ranking_rows(bench: Workbench, impressions: Sequence[Impression]) -> dict[str, Values]:
    """Return auc, mrr, ndcg@5 and ndcg@10 of each impression, for each row compared, the simplest first."""
    clicked = np.array([hit for impression in impressions for hit in impression.clicked], np.bool_)
    offsets = np.cumsum([0, *(len(impression.shown) for impression in impressions)])
    clicks = _popularity(bench, impressions)

    def measure(scores: Floats) -> Values:
        return ranking_metrics(Impressions(scores, clicked, offsets))

    rows = {
        RANDOM: mean_over_seeds(lambda rng: measure(rng.random(len(clicked)))),
        POPULARITY: mean_over_seeds(lambda rng: measure(clicks + rng.random(len(clicked)))),
    }
    return rows | {name: measure(scores) for name, scores in pipeline_scores(bench, impressions).items()}


def _popularity(bench: Workbench, impressions: Sequence[Impression]) -> Floats:
    """Return the clicks before each impression on what it shows, laid end to end."""
    clicks_before = ClicksBefore(bench)
    counts = [clicks_before(impression.time)[bench.catalogue.rows(impression.shown)] for impression in impressions]
    return np.concatenate(counts).astype(np.float64) if counts else np.zeros(0)
