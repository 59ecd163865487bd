"""What the pages' clicks would have been with other scores, estimated from logged propensities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from broadsheet.corpus.impressions import Impression
from broadsheet.metrics.intervals import Bootstrap
from broadsheet.tables.arrays import Flags, Floats
from broadsheet.training.learning_on.comparison import SAMPLES, Comparison

ENOUGH = 50.0
"""Least effective sample size of either ranking (Kish 1965): from less the estimates say nothing."""
CLICK_RATE = "estimated click rate"


def off_policy(
    impressions: Sequence[Impression], propensities: Mapping[int, Sequence[float] | None], before: Floats, after: Floats
) -> Comparison | str:
    """Compare the click rates that two scores (shown,) of what pages showed would have had, slot by slot.

    A ranking puts the shown article with the k-th score into slot k. Where the page had it there, its click counts with
    weight 1 / propensity, over the sum of these weights: the independent slate estimator (Li et al. 2018, section 4),
    self-normalised (Swaminathan and Joachims 2015). `propensities` has those of the slots of a page by the impression's
    number, None where they were not logged. Returns a clause if the log does not tell: no propensities, or too few
    slots in which a ranking agrees with the page.
    """
    there, chance = _logged(impressions, propensities)
    if not there.any():
        return "no propensities were logged"
    owners = np.repeat([one.user_id for one in impressions], [len(one.shown) for one in impressions])[there]
    clicked = np.array([hit for one in impressions for hit in one.clicked], np.float64)[there]
    columns, sizes = [], []
    for scores in (before, after):
        weight = np.where(_in_place(impressions, scores)[there], 1 / chance[there], 0.0)
        columns += [weight * clicked, weight]
        sizes.append(weight.sum() ** 2 / max(1e-12, float(np.square(weight).sum())))
    if min(sizes) < ENOUGH:
        return f"the log tells too little: an effective sample of {min(sizes):.0f} slots, expected {ENOUGH:.0f} or more"
    values = np.stack(columns, axis=1)
    means = Bootstrap(owners, np.random.default_rng(0), SAMPLES).means(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = np.nanpercentile(means[:, 2] / means[:, 3] - means[:, 0] / means[:, 1], [5, 95])
    whole = values.mean(0)
    figures = {"before": whole[0] / whole[1], "after": whole[2] / whole[3], "low": low, "high": high}
    return Comparison({CLICK_RATE: {name: float(value) for name, value in figures.items()}})


def _logged(
    impressions: Sequence[Impression], propensities: Mapping[int, Sequence[float] | None]
) -> tuple[Flags, Floats]:
    """Return of each shown article whether its propensity is known, and the propensity.

    A page of which an article lost its text counts as not logged: its slots are not those of the list any more.
    """
    parts: list[Any] = []
    for one in impressions:
        logged = propensities.get(one.number)
        parts.append(logged if logged is not None and len(logged) == len(one.shown) else [0.0] * len(one.shown))
    chance = np.concatenate([np.zeros(0), *(np.asarray(part, np.float64) for part in parts)])
    return chance > 0, chance


def _in_place(impressions: Sequence[Impression], scores: Floats) -> Flags:
    """Return of each shown article whether its place in the list is its place by the scores."""
    parts, start = [np.zeros(0, np.bool_)], 0
    for one in impressions:
        end = start + len(one.shown)
        parts.append(np.argsort(-scores[start:end], kind="stable") == np.arange(end - start))
        start = end
    return np.concatenate(parts)
