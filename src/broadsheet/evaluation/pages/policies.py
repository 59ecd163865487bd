"""The costs and gains of a policy, on the articles that impressions showed, ranked anew.

The scores are the pipeline's own, computed once; only the order differs from policy to policy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.corpus.impressions import Impression
from broadsheet.corpus.same_event import DAY
from broadsheet.evaluation.ranking.beyond_accuracy import CATEGORIES, KS, WITHIN, newest_read, within_lists
from broadsheet.metrics.labels import Labels, labels_of
from broadsheet.metrics.ranking import Impressions, ndcg
from broadsheet.offline.replay import Values
from broadsheet.progress import Say, track
from broadsheet.rerank import Items, Policy, are_small, arrange, large_sources
from broadsheet.tables.arrays import Flags, Floats, Integers

WEIGHTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
NDCG = "ndcg"

DEFINITIONS = {
    NDCG: "by MIND's rules, of the order that the policy gives",
    **WITHIN,
    CATEGORIES: "known categories among the first k articles",
}

ALONE, DEFAULT = "score alone", "the newsroom's policy"
NOTES = {
    ALONE: "the order of the scores, every setting of the policy off",
    DEFAULT: "all settings as they are in this newsroom",
}


@dataclass(frozen=True)
class Shown:
    """The shown articles of impressions, in the form that a policy reads."""

    items: list[Items]
    "One list for each impression."
    rows: list[Integers]
    "Their catalogue rows."
    read: list[Integers]
    "Numbers of the categories of the history that the re-ranker reads, (1, articles) for each impression."
    histories: Labels
    "The same as numbers. (impressions, articles read)"
    clicked: Flags
    "Laid end to end. (shown,)"
    offsets: Integers
    "Where each impression starts; last, where the last one ends. (impressions + 1,)"
    vectors: npt.NDArray[np.float32]
    "Of all articles, unit length. (articles, dim)"
    categories: Integers
    "The number of each article's category, -1 where unknown. (articles,)"


def read_shown(catalogue: Catalogue, impressions: Sequence[Impression], scores: Floats, history: int) -> Shown:
    """Return what the impressions show, read once for all policies.

    `scores` are of the articles shown, laid end to end (shown,). `history` is how many articles of a reader's history
    the re-ranker reads.
    """
    offsets = np.cumsum([0, *(len(impression.shown) for impression in impressions)])
    rows = [np.array(impression.shown_rows, np.int64) for impression in impressions]
    sources, categories = catalogue.names["source"], catalogue.names["category"].numbers
    small = are_small(sources.names, large_sources(catalogue.news.column("source")))
    items = []
    for (start, end), places in zip(pairwise(offsets), rows, strict=True):
        vectors = catalogue.vectors_of(places)
        items.append(
            Items(
                scores=scores[None, start:end],
                there=np.ones((1, len(places)), np.bool_),
                likeness=(vectors @ vectors.T)[None],
                categories=categories[None, places],
                sources=sources.numbers[None, places],
                published_at=catalogue.published_at[None, places],
                small=small[sources.numbers[None, places]],
            )
        )
    read = newest_read(impressions, history)
    return Shown(
        items,
        rows,
        [categories[None, line[line >= 0]] for line in read],
        labels_of(read, categories),
        np.array([hit for impression in impressions for hit in impression.clicked], np.bool_),
        offsets,
        catalogue.vectors.whole(),
        categories,
    )


def measure_policy(shown: Shown, policy: Policy) -> Values:
    """Return each metric of DEFINITIONS at each k for every impression under a policy, NaN where it has no value."""
    places: list[Integers] = []
    lists = np.full((len(shown.items), max(KS)), -1, np.int64)
    for list_, items, rows, read in zip(lists, shown.items, shown.rows, shown.read, strict=True):
        order = arrange(items, policy, read)[0][0]
        places.append(np.argsort(order))  # of each shown article, its place from 0
        first = rows[order[: max(KS)]]
        list_[: len(first)] = first
    ranked = Impressions(-np.concatenate(places).astype(np.float64), shown.clicked, shown.offsets)
    labels = labels_of(lists, shown.categories)
    values: Values = {}
    for k in KS:
        values[f"{NDCG}@{k}"] = ndcg(ranked, k)
        values |= within_lists(lists, k, shown.vectors, labels, shown.histories)
    return values


def with_one_story_twice(shown: Shown, policy: Policy) -> int:
    """Return how many impressions show two articles of one story, as the policy tells stories."""
    count = 0
    for items in shown.items:
        times, likeness = items.published_at[0], items.likeness[0]
        near = (likeness >= policy.story_similarity) & ~(np.abs(times[:, None] - times) > policy.story_days * DAY)
        count += bool(np.triu(near, 1).any())
    return count


@dataclass(frozen=True)
class Sweep:
    """One setting swept from 0 to 1."""

    setting: str
    against: str
    "The metric that it is there for."
    curves: dict[str, dict[float, Values]]
    "For each curve the metrics of every impression, by the setting's value."


def sweep(shown: Shown, default: Policy, setting: Literal["diversity", "calibration"], against: str) -> Sweep:
    """Sweep a setting twice: with all others off, and with all others as in the default policy."""
    bases = {"all else off": Policy(), "all else as in the newsroom": default}
    curves = {
        name: {
            weight: measure_policy(shown, _with(base, setting, weight))
            for weight in track(WEIGHTS, f"{setting}, {name}", total=len(WEIGHTS))
        }
        for name, base in bases.items()
    }
    return Sweep(setting, against, curves)


def _with(policy: Policy, setting: Literal["diversity", "calibration"], weight: float) -> Policy:
    return replace(policy, diversity=weight) if setting == "diversity" else replace(policy, calibration=weight)


def compared(default: Policy) -> dict[str, Policy]:
    """Return the policies that stand as rows: what each part costs alone, and the newsroom's own."""
    stories = Policy(story_similarity=default.story_similarity, story_days=default.story_days)
    rows = {ALONE: Policy()}
    rows |= {f"story cap {most}": replace(stories, story=most) for most in (1, 2)}
    rows |= {f"category cap {most}": Policy(category=most) for most in (2, 3, 4)}
    rows |= {
        f"diversity {default.diversity} alone": Policy(diversity=default.diversity),
        f"calibration {default.calibration} alone": Policy(calibration=default.calibration),
        "the newsroom's policy without story cap": replace(default, story=0),
        DEFAULT: default,
    }
    return rows


def measure_rows(shown: Shown, policies: Mapping[str, Policy], say: Say) -> dict[str, Values]:
    """Measure several policies; `say` gets a line for each."""
    rows = {}
    for name, policy in policies.items():
        say(f"measuring: {name}")
        rows[name] = measure_policy(shown, policy)
    return rows
