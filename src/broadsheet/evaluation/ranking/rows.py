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
from broadsheet.evaluation.ranking.scorers import KINDS, SEEDED, laid_together, scorer_row, scorer_scores, seeded_scores
from broadsheet.evaluation.ranking.scores import (
    CROSS_ENCODER,
    PIPELINE,
    WITHOUT,
    pipeline_scores,
    popularity_scores,
    tower_scores,
    whole_and_ranked,
    word_scores,
)
from broadsheet.evaluation.retrieval.lists import QUERY_TITLES, Bm25
from broadsheet.metrics.ebnerd import ebnerd_ranking
from broadsheet.metrics.ranking import Impressions
from broadsheet.offline.replay import (
    BM25,
    POPULARITY,
    RANDOM,
    SEEDS,
    UNTRAINED,
    Values,
    mean_of,
)
from broadsheet.offline.workbenches import Labelled, describe_towers
from broadsheet.tables.arrays import Flags, Floats, Integers
from broadsheet.workbench.workbench import Workbench

NOTES = {
    RANDOM: "a random order; mean of three seeds",
    POPULARITY: "clicks on the article strictly before the impression; ties in random order, mean of three seeds",
    BM25: f"the titles of the {QUERY_TITLES} newest history articles against the texts of those shown (Lucene's BM25)",
    UNTRAINED: "inner product alone, of towers that nobody trained",
    CROSS_ENCODER: "relevance by the trained cross-encoder alone",
    WITHOUT: "the re-ranker's fused score with relevance at weight 0",
    PIPELINE: "the re-ranker's fused score, with the newsroom's weights",
    SEEDED: "the same with the trained models of each seed in place of the newsroom's own; mean over the seeds",
}
"""What each row is; trained towers and cross-encoders have a label of their own."""
TRAINED = {
    "towers": "inner product of these towers alone; mean over their seeds",
    "cross-encoder": "relevance by these cross-encoders alone; mean over their seeds",
    "scorer": "these attentive scorers alone; mean over their seeds",
}
RANKER = "the paper's user encoder over the same stored vectors, trained on the same impressions; mean over its seeds"


def notes_of(rows: Iterable[str], rankers: Iterable[str] = ()) -> dict[str, str]:
    """Return what each row is; `rankers` are the rows of rankers of other authors."""
    named = {**NOTES, **dict.fromkeys(rankers, RANKER)}
    return {row: named[row] if row in named else TRAINED[row.rpartition(" ")[2]] for row in rows}


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
    scorers: Sequence[str] = ()
    "The labels of attentive scorers beside the pipeline's own."

    @cached_property
    def rows(self) -> dict[str, Values]:
        """The metrics of MIND and of EB-NeRD of each impression (see `ebnerd_ranking`), the mean over the seeds."""
        return {row: mean_of(several) for row, several in self._measured.items()}

    @cached_property
    def runs(self) -> dict[str, list[dict[str, float]]]:
        """For trained models of several seeds, the means of each."""
        rows = [row for row in (*self._trained, SEEDED) if len(self.scores.get(row, ())) > 1]
        several = {row: self._measured[row] for row in rows}
        return {row: [means_of(run) for run in runs] for row, runs in several.items()}

    @property
    def comparisons(self) -> list[tuple[str, str]]:
        """The rows whose differences are of interest: trained and untrained models, then the pipeline's parts."""
        others = [*reversed(self._trained), UNTRAINED, CROSS_ENCODER, WITHOUT, BM25]
        towers = [row for row in self._trained if row.endswith("towers")]
        pairs = [(row, UNTRAINED) for row in self._trained]
        pairs += [(SEEDED, row) for row in self._trained if SEEDED in self.scores]
        pairs += [(row, other) for row in self._trained if row not in towers for other in towers]
        return pairs + [(PIPELINE, other) for other in others if other in self.scores]

    def against(self, row: str) -> list[tuple[str, str]]:
        """Return the comparisons of another row with the pipeline, its cross-encoder, towers, BM25 and popularity."""
        others = [PIPELINE, CROSS_ENCODER, *self._trained, UNTRAINED, BM25, POPULARITY]
        return [(row, other) for other in others if other in self.scores]

    @property
    def _trained(self) -> list[str]:
        rows = [f"{one['label']} towers" for one in self.towers]
        rows += [row_of(one["label"]) for one in self.cross_encoders]
        rows += [scorer_row(label) for label in self.scorers]
        return list(dict.fromkeys([*rows, *self.rankers]))

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
    return replace(first, scores=scores, clicked=clicked, offsets=np.cumsum([0, *lengths]))


def measure_ranking(
    bench: Workbench,
    untrained: Workbench,
    trained: Iterable[tuple[str, Workbench]],
    impressions: Sequence[Impression],
    cross_encoders: CrossEncoders = (),
    words: Bm25 | None = None,
    scorers: Sequence[Labelled] = (),
) -> Ranking:
    """Rank by all rows; `bench` is the pipeline, `trained` gives a label and a workbench for each pair of towers.

    `cross_encoders` and `scorers` are others than the pipeline's own; `words` is the index of the articles'
    texts where it is there already. Raises InputError if it is not, and bm25s is not installed.
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
    scores |= scorer_scores(bench, scorers, impressions)
    trained_rows = {row: several for row, several in scores.items() if row.rpartition(" ")[2] in KINDS}
    signals = list(whole_and_ranked(bench, impressions))
    scores |= {row: [ours] for row, ours in pipeline_scores(bench, impressions, signals).items()}
    del trained_rows[UNTRAINED]
    scores |= seeded_scores(laid_together([ranked for _, ranked in signals]), trained_rows, bench.models.signal_weights)
    return Ranking(
        scores,
        clicked,
        offsets,
        found,
        [one.describe() for one in cross_encoders],
        scorers=[label for label, _ in scorers],
    )
