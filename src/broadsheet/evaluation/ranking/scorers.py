"""Trained attentive scorers measured beside one another, and the pipeline with the models of each seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from broadsheet.corpus.impressions import Impression
from broadsheet.offline.signals import impression_counts, scores_by
from broadsheet.offline.workbenches import Labelled
from broadsheet.rerank.signals import fuse
from broadsheet.tables.arrays import Floats
from broadsheet.workbench.workbench import Workbench

SEEDED = "pipeline, mean of seeds"
KINDS = {"towers": "two_tower", "scorer": "attention", "cross-encoder": "relevance"}
"""The last word of the rows of trained models, and the signal that they give."""


def scorer_scores(
    bench: Workbench, folders: Sequence[Labelled], impressions: Sequence[Impression]
) -> dict[str, list[Floats]]:
    """Return for each label the scores of what was shown by its scorers, laid end to end (shown,).

    Raises ModelError for a scorer that is not whole.
    """
    from broadsheet.rerank.attentive_scorer.trained import load_attention

    found: dict[str, list[Floats]] = {}
    counts = impression_counts(bench, impressions, "live") if folders else []  # as of what the bench knows
    for label, folder in folders:
        found.setdefault(scorer_row(label), []).append(scores_by(load_attention(folder), bench, impressions, counts))
    return found


def seeded_scores(
    signals: Mapping[str, Floats], trained: Mapping[str, list[Floats]], weights: Mapping[str, float]
) -> dict[str, list[Floats]]:
    """Return the pipeline's scores with the models of each seed in place of its own, as the row SEEDED.

    `signals` are the pipeline's own (shown,), and `trained` the scores of rows such as `frozen towers`. A kind of model
    with several labels, or all kinds with a single seed, or kinds with differing numbers of seeds, give no such row.
    """
    kinds = [row.rpartition(" ")[2] for row in trained]
    several = {KINDS[kind]: scores for kind, scores in zip(kinds, trained.values(), strict=True) if len(scores) > 1}
    lengths = {len(scores) for scores in several.values()}
    if len(set(kinds)) != len(kinds) or len(lengths) != 1:
        return {}
    runs = [{name: scores[seed] for name, scores in several.items()} for seed in range(lengths.pop())]
    return {SEEDED: [fuse({**signals, **run}, weights) for run in runs]}


def scorer_row(label: str) -> str:
    """Return the name of a label's row."""
    return f"{label} scorer"


def laid_together(signals: Sequence[Mapping[str, Floats]]) -> dict[str, Floats]:
    """Return the signals of several impressions, laid end to end (shown,)."""
    return {name: np.concatenate([one[name] for one in signals]) for name in signals[0]} if signals else {}
