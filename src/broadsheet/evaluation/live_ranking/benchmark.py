"""The benchmark of ranking in real time put together: each row at each delay of the counters.

Everything is learned and chosen on the splits before the measured split. What learns from the signals learns from the
split that chose the towers, since the towers know the clicks of the split that they learned from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from broadsheet.corpus.impressions import Impression
from broadsheet.evaluation.live_ranking.delays import DELAYS, counters_at, fresh_at, labelled, lists_at
from broadsheet.evaluation.live_ranking.learned import learn_trees, learn_weights
from broadsheet.evaluation.live_ranking.recall import measure_recall
from broadsheet.evaluation.ranking.fusion import COUNTED, FUSION, LIGHTGBM
from broadsheet.evaluation.ranking.scores import PIPELINE, tower_scores
from broadsheet.metrics.ebnerd import ebnerd_ranking
from broadsheet.metrics.ranking import Impressions
from broadsheet.offline.replay import POPULARITY, SEEDS, Values, mean_of
from broadsheet.offline.signals import unseen_scores
from broadsheet.offline.workbenches import describe_towers
from broadsheet.progress import Say
from broadsheet.rerank.learned_fusion import FusionRecipe, Lists
from broadsheet.rerank.signals import fuse, present
from broadsheet.retrieval.sources.popularity_freshness import freshness_scores
from broadsheet.tables.arrays import Floats, draw_rows
from broadsheet.training.fusion import usable
from broadsheet.training.fusion_recipe import choose_recipe
from broadsheet.workbench.data import EditionData
from broadsheet.workbench.workbench import Workbench

WEIGHTS, NEWEST, WITH_UNSEEN = "pipeline, learned weights", "newest first", f"{LIGHTGBM} and unseen"
RECALLED = 500
"""Impressions of which recall in the live pool is measured, drawn by chance."""
NOTES = {
    POPULARITY: "the signal `popularity` alone: clicks with a half-life of six hours",
    NEWEST: "the signal `freshness` alone: it reads no counter",
    LIGHTGBM: f"LambdaMART over {', '.join(COUNTED)}, learned from all earlier days; mean over three seeds",
    WITH_UNSEEN: "the same, and how often the reader was shown the article and passed it over",
    PIPELINE: "the re-ranker's fused score, with the newsroom's weights",
    WEIGHTS: "the same with weights learned from the choosing split: the softmax of the fused score is the likeliest",
    FUSION: "LambdaMART over all signals, learned from the choosing split; mean over three seeds",
}
"""What each row is; towers, and rankers beside ours, have a name of their own."""

Scores = dict[str, list[Floats]]
"""Of each row one array for each seed, one score for each shown article, laid end to end (shown,)."""


@dataclass(frozen=True)
class LiveFindings:
    """The rows at each delay."""

    impressions: Sequence[Impression]
    scores: Mapping[str, Scores]
    "For each delay, the simplest row first."
    towers: Sequence[dict[str, Any]]
    "The trained towers; see describe_towers."
    learned: Mapping[str, Mapping[str, Any]]
    "For each delay the recipes chosen and the weights learned."
    asked: Sequence[Impression]
    "The impressions of which recall is measured."
    recall: Mapping[str, Mapping[str, Values]]
    "For each delay and source the recall in the live pool; see measure_recall."
    appearances: bool
    "Whether an article's time is that of its first appearance."

    @cached_property
    def rows(self) -> dict[str, dict[str, Values]]:
        """The metrics of EB-NeRD of each impression for each delay and row, the mean over the seeds."""
        clicked = np.array([hit for one in self.impressions for hit in one.clicked], np.bool_)
        offsets = np.cumsum([0, *(len(one.shown) for one in self.impressions)])

        def measure(several: list[Floats]) -> Values:
            return mean_of([ebnerd_ranking(Impressions(scores, clicked, offsets)) for scores in several])

        known: dict[int, Values] = {}  # rows without counters share their scores at all delays
        for rows in self.scores.values():
            for several in rows.values():
                if id(several) not in known:
                    known[id(several)] = measure(several)
        return {
            delay: {row: known[id(several)] for row, several in rows.items()} for delay, rows in self.scores.items()
        }


def measure_live(
    bench: Workbench,
    trained: Iterable[tuple[str, Workbench]],
    train: Sequence[Impression],
    tune: Sequence[Impression],
    valid: Sequence[Impression],
    say: Say,
    rankers: Mapping[str, list[Floats]] | None = None,
    *,
    appearances: bool = False,
) -> LiveFindings:
    """Measure popularity, LightGBM on counters, towers, the pipeline by weights and the learned fusion at each delay.

    `bench` has the towers of the pipeline, `trained` gives a label and a workbench for each pair of towers; those of
    one label are one row. `rankers` are scores of `valid` by rankers that need no counters. All impressions show both a
    click and another article. `appearances` says that articles have no publication times; see lists_at.
    """
    unchanging: Scores = dict(rankers or {})
    found = []
    for label, towers in trained:
        unchanging.setdefault(f"{label} towers", []).append(tower_scores(towers, valid))
        found.append(describe_towers(label, towers.models))
    say("counters of the earlier days")
    counted, readers = _counted(bench, [train, tune], appearances), [one.user_id for one in [*train, *tune]]
    say("signals of the choosing split")
    choosing = lists_at(bench, tune, appearances=appearances)
    say("signals of the measured split")
    measured = lists_at(bench, valid, appearances=appearances)
    baselines, owners = {LIGHTGBM: COUNTED, WITH_UNSEEN: (*COUNTED, "unseen")}, [one.user_id for one in tune]
    recipes = {row: _recipe(_only(counted[DELAYS[0]], names), readers) for row, names in baselines.items()}
    scores: dict[str, Scores] = {}
    learned: dict[str, dict[str, Any]] = {}
    for delay in DELAYS:
        say(f"learning with counters {delay}")
        ours = _recipe(choosing[delay], owners)
        trees = {
            row: learn_trees(_only(counted[delay], names), recipes[row], SEEDS) for row, names in baselines.items()
        }
        fusions = learn_trees(choosing[delay], ours, SEEDS)
        weights, signals = learn_weights(choosing[delay]), measured[delay].signals
        learned[delay] = {**{row: vars(one) for row, one in recipes.items()}, FUSION: vars(ours), WEIGHTS: weights}
        scores[delay] = {
            POPULARITY: [present(signals["popularity"])],
            NEWEST: [present(signals["freshness"])],
            **{row: [one(signals) for one in found] for row, found in trees.items()},
            **unchanging,
            PIPELINE: [fuse(signals, bench.models.signal_weights)],
            WEIGHTS: [fuse(signals, weights)],
            FUSION: [one(signals) for one in fusions],
        }
    say("recall in the live pool")
    asked = [one for one in valid if one.relevant]
    asked = [asked[place] for place in draw_rows(len(asked), RECALLED).tolist()]
    return LiveFindings(valid, scores, found, learned, asked, measure_recall(bench, asked), appearances)


def _recipe(lists: Lists, readers: Sequence[str]) -> FusionRecipe:
    return choose_recipe(lists, usable(lists)[0], readers)


def _only(lists: Lists, names: Sequence[str]) -> Lists:
    return replace(lists, signals={name: lists.signals[name] for name in names if name in lists.signals})


def _counted(bench: Workbench, splits: Sequence[Sequence[Impression]], appearances: bool) -> dict[str, Lists]:
    """Return for each delay COUNTED and `unseen` of all splits; content-only each as of its own beginning."""
    found = [counters_at(bench.data, split, co_clicks=False) for split in splits]
    impressions = [one for split in splits for one in split]
    unseen = unseen_scores(bench, impressions)
    parts = [_fresh(bench.data, split, appearances) for split in splits]
    joined = {
        delay: {name: np.concatenate([part[delay][name] for part in found]) for name in found[0][delay]}
        | {"freshness": np.concatenate([part[delay] for part in parts]), "unseen": unseen}
        for delay in DELAYS
    }
    return {delay: labelled(counters, impressions) for delay, counters in joined.items()}


def _fresh(data: EditionData, impressions: Sequence[Impression], appearances: bool) -> dict[str, Floats]:
    """Return for each delay the freshness of what was shown (shown,), with one half-life for all articles."""
    rows = np.array([row for one in impressions for row in one.shown_rows], np.int64)
    times = np.repeat([one.time.timestamp() for one in impressions], [len(one.shown) for one in impressions])
    half_life = np.full(len(rows), 24.0)  # trees read only the order of the ages
    fresh = freshness_scores(data.catalogue.published_at[rows] - times, 0.0, half_life)
    return fresh_at(data, impressions, fresh, appearances=appearances)
