"""What readers would have clicked of the same articles in another order, estimated from pages that explored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from broadsheet.corpus.exposures import MOST_WEIGHT
from broadsheet.corpus.impressions import Impression
from broadsheet.metrics.intervals import Bootstrap
from broadsheet.rerank.exploration.click_rates import learned_examination
from broadsheet.tables.arrays import Flags, Floats, Integers
from broadsheet.training.learning_on.comparison import SAMPLES, Comparison

ENOUGH = 50.0
"""Least effective number of clicks of either order (Kish 1965): from less the estimates say nothing."""
CLICKS = "estimated clicks a page"


def off_policy(
    impressions: Sequence[Impression], propensities: Mapping[int, Sequence[float] | None], before: Floats, after: Floats
) -> Comparison | str:
    """Compare the clicks that pages would have had if two scores (shown,) had put what they showed into order.

    Readers look at a slot with a probability that only the slot decides, and click what they look at with a probability
    that only the article decides (the position-based model). So a click in slot s counts examination(s') /
    examination(s), where s' is the slot that the article would have had: Joachims, Swaminathan and Schnabel 2017,
    section 4; the PBM estimator of Li et al. 2018. How often each slot is examined is learned from the articles that
    chance put there, by their propensities (`learned_examination`). A match of slots, weighed by 1 / propensity, would
    be wrong here: which articles a page shows depends on the same draw, so that such weights do not average 1.

    `propensities` has those of the slots of a page by the impression's number, None where they were not logged. Returns
    a clause if the log does not tell: no propensities, no exploration, or too few clicks.
    """
    there, chance = _logged(impressions, propensities)
    if not there.any():
        return "no propensities were logged"
    if not (chance[there] < 1).any():
        return "no page explored, so nothing tells how far down readers look"
    lengths = np.array([len(one.shown) for one in impressions])
    slots = np.concatenate([np.arange(1, length + 1) for length in lengths])
    clicked = np.array([hit for one in impressions for hit in one.clicked], np.int64)
    examination = learned_examination(slots[there], clicked[there], np.minimum(1 / chance[there], MOST_WEIGHT))
    examined = examination[np.minimum(slots, len(examination)) - 1]
    pages = np.repeat(np.arange(len(impressions)), lengths)
    counted, sizes = [], []
    for scores in (before, after):
        moved = examination[np.minimum(_places(lengths, scores), len(examination)) - 1]
        weight = np.where(there, clicked * moved / examined, 0.0)
        counted.append(np.bincount(pages, weight, minlength=len(impressions)))
        sizes.append(weight.sum() ** 2 / max(1e-12, float(np.square(weight).sum())))
    if min(sizes) < ENOUGH:
        return (
            f"the log tells too little: an effective number of {min(sizes):.0f} clicks, expected {ENOUGH:.0f} or more"
        )
    whole = np.bincount(pages, there, minlength=len(impressions)) > 0
    values: Floats = np.stack(counted, axis=1)[whole].astype(np.float64)
    readers = [one.user_id for one, kept in zip(impressions, whole, strict=True) if kept]
    bootstrap = Bootstrap(readers, np.random.default_rng(0), SAMPLES)
    low, high = np.nanpercentile(bootstrap.means(values[:, 1] - values[:, 0]), [5, 95])
    figures = {"before": values[:, 0].mean(), "after": values[:, 1].mean(), "low": low, "high": high}
    return Comparison({CLICKS: {name: float(value) for name, value in figures.items()}})


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


def _places(lengths: Integers, scores: Floats) -> Integers:
    """Return the slot that each shown article has by the scores, 1 for the highest of its page; ties as shown."""
    pages = np.repeat(np.arange(len(lengths)), lengths)
    order = np.lexsort((np.arange(len(scores)), -scores, pages))
    starts = np.cumsum(lengths) - lengths
    places = np.empty(len(scores), np.int64)
    places[order] = np.arange(len(scores)) - starts[pages] + 1
    return places
