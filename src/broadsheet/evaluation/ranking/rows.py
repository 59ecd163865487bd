"""Ranking measured on impressions, by MIND's rules: AUC, MRR, nDCG@5 and nDCG@10 of the articles that were shown.

The signals are those of the pipeline's own retriever and re-ranker, as of each impression's time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from broadsheet.corpus.impressions import Impression
from broadsheet.evaluation.ranking.cross_encoders import CrossEncoders, row_of, scores_of
from broadsheet.evaluation.retrieval.lists import QUERY_TITLES, Bm25
from broadsheet.metrics.ebnerd import ebnerd_ranking
from broadsheet.metrics.ranking import Impressions
from broadsheet.offline.replay import (
    BM25,
    POPULARITY,
    RANDOM,
    SEEDS,
    UNTRAINED,
    ClicksBefore,
    Values,
    blocks,
    mean_of,
    readers_as_of,
)
from broadsheet.offline.signals import impression_signals
from broadsheet.offline.workbenches import describe_towers
from broadsheet.rerank.own import ask_reranker
from broadsheet.rerank.signals import fuse, present
from broadsheet.retrieval import interest_vectors
from broadsheet.tables.arrays import Flags, Floats, Integers
from broadsheet.workbench.data import EditionData
from broadsheet.workbench.workbench import Workbench

CROSS_ENCODER, WITHOUT, PIPELINE = "cross-encoder alone", "pipeline without the cross-encoder", "pipeline"

NOTES = {
    RANDOM: "a random order; mean of three seeds",
    POPULARITY: "clicks on the article strictly before the impression; ties in random order, mean of three seeds",
    BM25: f"the titles of the {QUERY_TITLES} newest history articles against the texts of those shown (Lucene's BM25)",
    UNTRAINED: "inner product alone, of towers that nobody trained",
    CROSS_ENCODER: "relevance by the trained cross-encoder alone",
    WITHOUT: "the re-ranker's fused score with relevance at weight 0",
    PIPELINE: "the re-ranker's fused score, with the newsroom's weights",
}
"""What each row is; trained towers and cross-encoders have a label of their own."""
TRAINED = {
    "towers": "inner product of these towers alone; mean over their seeds",
    "cross-encoder": "relevance by these cross-encoders alone; mean over their seeds",
}
RANKER = "the paper's user encoder over the same stored vectors, trained on the same impressions; mean over its seeds"


def notes_of(rows: Iterable[str], rankers: Iterable[str] = ()) -> dict[str, str]:
    """Return what each row is; `rankers` are the rows of rankers of other authors."""
    named = {**NOTES, **dict.fromkeys(rankers, RANKER)}
    return {row: named[row] if row in named else TRAINED[row.rpartition(" ")[2]] for row in rows}


def pipeline_scores(bench: Workbench, impressions: Sequence[Impression]) -> dict[str, Floats]:
    """Return scores by the cross-encoder, and by the pipeline without it and with it, laid end to end (shown,).

    Where a signal is absent, as for a reader without a history, it is 0 for all, so that they tie. Without a trained
    cross-encoder it has no entry.
    """
    weights = bench.models.signal_weights
    parts: dict[str, list[Floats]] = {CROSS_ENCODER: [], WITHOUT: [], PIPELINE: []}
    for impression, signals in zip(impressions, impression_signals(bench, impressions), strict=True):
        parts[CROSS_ENCODER].append(present(signals["relevance"]))
        parts[WITHOUT].append(fuse(signals, weights | {"relevance": 0.0}))
        parts[PIPELINE].append(_pipeline(bench, impression, signals))
    if bench.models.cross_encoder is None:
        del parts[CROSS_ENCODER], parts[WITHOUT]
    return {name: np.concatenate(part) if part else np.zeros(0) for name, part in parts.items()}


def _pipeline(bench: Workbench, impression: Impression, signals: Mapping[str, Floats]) -> Floats:
    """Return the scores of what one impression shows, by the weights or by the site's own re-ranker."""
    rerank, catalogue = bench.models.own.reranker, bench.data.catalogue
    if rerank is None:
        return fuse(signals, bench.models.signal_weights)
    (reader,) = readers_as_of(bench.data, [impression])
    return ask_reranker(rerank, reader, catalogue, catalogue.rows(impression.shown), signals)


def tower_scores(bench: Workbench, impressions: Sequence[Impression]) -> Floats:
    """Return the source `two_tower` of what was shown, the inner product of the towers, laid end to end (shown,).

    For a reader without a history all are 0, so that they tie.
    """
    parts = [np.zeros(0)]
    for block in blocks(impressions, "Scoring with the towers"):
        interests = interest_vectors(bench.retriever.vectors(readers_as_of(bench.data, block)))
        for impression, vectors in zip(block, interests, strict=True):
            products = bench.data.catalogue.vectors_of(impression.shown_rows) @ vectors.T
            parts.append(products.max(axis=1).astype(np.float64))  # over the reader's interests, as `two_tower` does
    return np.concatenate(parts)


def word_scores(words: Bm25, impressions: Sequence[Impression]) -> Floats:
    """Return how well the words of the shown articles match the history, by BM25, laid end to end (shown,).

    -inf where no word is shared, so that such articles tie.
    """
    parts = [np.zeros(0)]
    for block in blocks(impressions, "Matching words"):
        for impression, scores in zip(block, words(block), strict=True):
            parts.append(scores[impression.shown_rows])
    return np.concatenate(parts)


@dataclass(frozen=True)
class Ranking:
    """The rankings of some impressions by each row, the simplest row first, and their metrics."""

    scores: Mapping[str, Sequence[Floats]]
    "Of each row one array of scores for each seed, one score for each shown article, laid end to end. (shown,)"
    clicked: Flags
    "Which of them were clicked. (shown,)"
    offsets: Integers
    "Where each impression starts; last, where the last one ends. (impressions + 1,)"
    towers: Sequence[dict[str, Any]]
    "The trained towers; see describe_towers."
    cross_encoders: Sequence[dict[str, Any]]
    "Cross-encoders beside the pipeline's own; see Trained.describe."
    rankers: Sequence[str] = ()
    "The rows of rankers of other authors."

    @cached_property
    def rows(self) -> dict[str, Values]:
        """The metrics of MIND and of EB-NeRD of each impression (see `ebnerd_ranking`), the mean over the seeds."""
        return {row: mean_of(several) for row, several in self._measured.items()}

    @cached_property
    def runs(self) -> dict[str, list[dict[str, float]]]:
        """For trained models of several seeds, the means of each."""
        several = {row: self._measured[row] for row in self._trained if len(self.scores[row]) > 1}
        return {row: [means_of(run) for run in runs] for row, runs in several.items()}

    @property
    def comparisons(self) -> list[tuple[str, str]]:
        """The rows whose differences are of interest: trained and untrained models, then the pipeline's parts."""
        others = [*reversed(self._trained), UNTRAINED, CROSS_ENCODER, WITHOUT, BM25]
        towers = [row for row in self._trained if row.endswith("towers")]
        pairs = [(row, UNTRAINED) for row in self._trained]
        pairs += [(row, other) for row in self._trained if row not in towers for other in towers]
        return pairs + [(PIPELINE, other) for other in others if other in self.scores]

    def against(self, row: str) -> list[tuple[str, str]]:
        """Return the comparisons of another row with the pipeline, its cross-encoder, towers, BM25 and popularity."""
        others = [PIPELINE, CROSS_ENCODER, *self._trained, UNTRAINED, BM25, POPULARITY]
        return [(row, other) for other in others if other in self.scores]

    @property
    def _trained(self) -> list[str]:
        rows = [f"{one['label']} towers" for one in self.towers]
        return list(dict.fromkeys([*rows, *(row_of(one["label"]) for one in self.cross_encoders), *self.rankers]))

    @cached_property
    def _measured(self) -> dict[str, list[Values]]:
        return {
            row: [ebnerd_ranking(Impressions(scores, self.clicked, self.offsets)) for scores in several]
            for row, several in self.scores.items()
        }


def means_of(values: Values) -> dict[str, float]:
    """Return the mean of each metric over the impressions that have a value."""
    return {name: float(np.nanmean(value)) for name, value in values.items()}


def with_rankers(found: Ranking, rankers: Mapping[str, list[Floats]]) -> Ranking:
    """Return the ranking with the scores of rankers of other authors, before the rows of ours that were trained."""
    rows = [*found.scores]
    place = rows.index(UNTRAINED) + 1
    parts = [{row: found.scores[row] for row in part} for part in (rows[:place], rows[place:])]
    return replace(found, scores={**parts[0], **rankers, **parts[1]}, rankers=[*rankers])


def join(parts: Sequence[Ranking]) -> Ranking:
    """Return several rankings, such as those of several halvings, laid end to end."""
    first = parts[0]
    scores = {
        row: [np.concatenate(seed) for seed in zip(*(part.scores[row] for part in parts), strict=True)]
        for row in first.scores
    }
    clicked = np.concatenate([part.clicked for part in parts])
    lengths = np.concatenate([np.diff(part.offsets) for part in parts])
    return Ranking(scores, clicked, np.cumsum([0, *lengths]), first.towers, first.cross_encoders)


def measure_ranking(
    bench: Workbench,
    untrained: Workbench,
    trained: Iterable[tuple[str, Workbench]],
    impressions: Sequence[Impression],
    cross_encoders: CrossEncoders = (),
    words: Bm25 | None = None,
) -> Ranking:
    """Rank by all rows; `bench` is the pipeline, `trained` gives a label and a workbench for each pair of towers.

    `cross_encoders` are others than the pipeline's own; `words` is the index of the articles' texts where it is there
    already. Raises InputError if it is not, and bm25s is not installed.
    """
    clicked = np.array([hit for impression in impressions for hit in impression.clicked], np.bool_)
    offsets = np.cumsum([0, *(len(impression.shown) for impression in impressions)])
    clicks, base = popularity_scores(bench.data, impressions), tower_scores(untrained, impressions)
    scores: dict[str, list[Floats]] = {
        RANDOM: [np.random.default_rng(seed).random(len(clicked)) for seed in SEEDS],
        POPULARITY: [clicks + np.random.default_rng(seed).random(len(clicked)) for seed in SEEDS],
        BM25: [word_scores(words or Bm25(bench.data), impressions)],
        UNTRAINED: [base],
    }
    found = []
    for label, towers in trained:
        ours = tower_scores(towers, impressions)
        if not np.array_equal(ours, base):
            scores.setdefault(f"{label} towers", []).append(ours)
            found.append(describe_towers(label, towers.models))
    for row, ours in scores_of(bench, cross_encoders, impressions):
        scores.setdefault(row, []).append(ours)
    scores |= {row: [ours] for row, ours in pipeline_scores(bench, impressions).items()}
    return Ranking(scores, clicked, offsets, found, [one.describe() for one in cross_encoders])


def popularity_scores(data: EditionData, impressions: Sequence[Impression]) -> Floats:
    """Return the clicks before each impression on what it shows, laid end to end."""
    clicks_before = ClicksBefore(data.clicks, len(data.catalogue))
    counts = [clicks_before(impression.time)[impression.shown_rows] for impression in impressions]
    return np.concatenate(counts).astype(np.float64) if counts else np.zeros(0)
