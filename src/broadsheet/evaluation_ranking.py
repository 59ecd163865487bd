"""Ranking measured on impressions, by MIND's rules: AUC, MRR, nDCG@5 and nDCG@10 of the articles that were shown.

The signals are those of the pipeline's own retriever and re-ranker, as of each impression's time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from broadsheet.evaluation import (
    POPULARITY,
    RANDOM,
    UNTRAINED,
    ClicksBefore,
    Floats,
    Impression,
    Values,
    blocks,
    mean_of,
    mean_over_seeds,
    states,
)
from broadsheet.evaluation_bench import describe_towers
from broadsheet.metrics import Impressions, ranking_metrics
from broadsheet.rerank.fusion import fuse, present
from broadsheet.rerank.pair_tokens import Pair
from broadsheet.retrieval import interest_vectors
from broadsheet.workbench import Workbench

CROSS_ENCODER, WITHOUT, PIPELINE = "cross-encoder alone", "pipeline without the cross-encoder", "pipeline"

NOTES = {
    RANDOM: "a random order; mean of three seeds",
    POPULARITY: "clicks on the article strictly before the impression; ties in random order, mean of three seeds",
    UNTRAINED: "inner product alone, of towers that nobody trained",
    CROSS_ENCODER: "relevance by the trained cross-encoder alone",
    WITHOUT: "the re-ranker's fused score with relevance at weight 0",
    PIPELINE: "the re-ranker's fused score, with the newsroom's weights",
}
"""What each row is; trained towers have a label of their own."""


def notes_of(rows: Mapping[str, object]) -> dict[str, str]:
    """Return what each row is."""
    return {row: NOTES.get(row, "inner product of these towers alone; mean over their seeds") for row in rows}


def pipeline_scores(bench: Workbench, impressions: Sequence[Impression]) -> dict[str, Floats]:
    """Return scores by the cross-encoder, and by the pipeline without it and with it, laid end to end (shown,).

    Where a signal is absent, as for a reader without a history, it is 0 for all, so that they tie. Without a trained
    cross-encoder it has no entry.
    """
    weights = vars(bench.config.rerank.weights)
    parts: dict[str, list[Floats]] = {CROSS_ENCODER: [], WITHOUT: [], PIPELINE: []}
    for signals in impression_signals(bench, impressions):
        parts[CROSS_ENCODER].append(present(signals["relevance"]))
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


def tower_scores(bench: Workbench, impressions: Sequence[Impression]) -> Floats:
    """Return the source `ann` of what was shown, the inner product of the towers, laid end to end (shown,).

    For a reader without a history all are 0, so that they tie.
    """
    parts = [np.zeros(0)]
    for block in blocks(impressions, "Scoring with the towers"):
        interests = interest_vectors(bench.retriever.vectors(states(block)))
        for impression, vectors in zip(block, interests, strict=True):
            products = bench.catalogue.vectors_of(bench.catalogue.rows(impression.shown)) @ vectors.T
            parts.append(products.max(axis=1).astype(np.float64))  # over the reader's interests, as `ann` does
    return np.concatenate(parts)


@dataclass
class Ranking:
    """The metrics of each row compared, the simplest first, and what stands behind them."""

    rows: dict[str, Values]
    "auc, mrr, ndcg@5 and ndcg@10 of each impression."
    runs: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    "For trained towers of several seeds, the means of each."
    towers: list[dict[str, Any]] = field(default_factory=list)
    "The trained towers; see describe_towers."

    @property
    def comparisons(self) -> list[tuple[str, str]]:
        """The rows whose differences are of interest: trained and untrained towers, then the pipeline's parts."""
        labels = dict.fromkeys(f"{one['label']} towers" for one in self.towers)
        pairs = [(row, UNTRAINED) for row in labels if row in self.rows]
        pairs += [(PIPELINE, row) for row in (*reversed([row for row, _ in pairs]), UNTRAINED)]
        return pairs + [(PIPELINE, row) for row in (CROSS_ENCODER, WITHOUT) if row in self.rows]

    def against(self, row: str) -> list[tuple[str, str]]:
        """Return the comparisons of another row with the pipeline, its cross-encoder, and all towers."""
        labels = dict.fromkeys(f"{one['label']} towers" for one in self.towers)
        others = [PIPELINE, CROSS_ENCODER, *labels, UNTRAINED, POPULARITY]
        return [(row, other) for other in others if other in self.rows]


def join(parts: Sequence[Ranking]) -> Ranking:
    """Return the rows of several measurements, such as those of several halvings, laid end to end."""
    first = parts[0]
    rows = {
        name: {metric: np.concatenate([part.rows[name][metric] for part in parts]) for metric in values}
        for name, values in first.rows.items()
    }
    runs = {
        name: [
            {metric: float(np.mean([part.runs[name][place][metric] for part in parts])) for metric in run}
            for place, run in enumerate(several)
        ]
        for name, several in first.runs.items()
    }
    return Ranking(rows, runs, first.towers)


def measure_ranking(
    bench: Workbench,
    untrained: Workbench,
    trained: Iterable[tuple[str, Workbench]],
    impressions: Sequence[Impression],
) -> Ranking:
    """Measure all rows; `bench` is the pipeline, `trained` gives a label and a workbench for each pair of towers."""
    clicked = np.array([hit for impression in impressions for hit in impression.clicked], np.bool_)
    offsets = np.cumsum([0, *(len(impression.shown) for impression in impressions)])

    def measure(scores: Floats) -> Values:
        return ranking_metrics(Impressions(scores, clicked, offsets))

    clicks, base = _popularity(bench, impressions), tower_scores(untrained, impressions)
    found = Ranking(
        {
            RANDOM: mean_over_seeds(lambda rng: measure(rng.random(len(clicked)))),
            POPULARITY: mean_over_seeds(lambda rng: measure(clicks + rng.random(len(clicked)))),
            UNTRAINED: measure(base),
        }
    )
    runs: dict[str, list[Values]] = {}
    for label, towers in trained:
        scores = tower_scores(towers, impressions)
        if not np.array_equal(scores, base):
            runs.setdefault(f"{label} towers", []).append(measure(scores))
            found.towers.append(describe_towers(label, towers))
    for row, several in runs.items():
        found.rows[row] = mean_of(several)
        if len(several) > 1:
            found.runs[row] = [{name: float(np.nanmean(value)) for name, value in run.items()} for run in several]
    found.rows |= {name: measure(scores) for name, scores in pipeline_scores(bench, impressions).items()}
    return found


def _popularity(bench: Workbench, impressions: Sequence[Impression]) -> Floats:
    """Return the clicks before each impression on what it shows, laid end to end."""
    clicks_before = ClicksBefore(bench.clicks, len(bench.catalogue))
    counts = [clicks_before(impression.time)[bench.catalogue.rows(impression.shown)] for impression in impressions]
    return np.concatenate(counts).astype(np.float64) if counts else np.zeros(0)
