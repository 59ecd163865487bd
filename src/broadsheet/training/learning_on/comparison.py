"""Champion and challenger on the held-out impressions: paired differences, with bounds by reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from broadsheet.corpus.impressions import Impression
from broadsheet.metrics.intervals import Bootstrap
from broadsheet.metrics.ranking import Impressions, mean_scores, ranking_metrics
from broadsheet.tables.arrays import Floats

METRICS = ("ndcg@10", "auc")
SAMPLES = 1000


@dataclass(frozen=True)
class Comparison:
    """How a challenger ranks against a champion."""

    figures: dict[str, dict[str, float]]
    "For each metric the champion's mean (before), the challenger's (after), and the bounds of the change (low, high)."

    def worse(self, margin: float) -> list[str]:
        """Return a clause for each metric whose lower bound lies more than `margin` below 0."""
        return [
            f"the change of {name} is at least {found['low']:+.4f}, expected {-margin:+.4f} or more"
            for name, found in self.figures.items()
            if found["low"] < -margin
        ]

    def line(self) -> str:
        """Return the changes in words."""
        return ", ".join(
            f"{name} {found['before']:.4f} -> {found['after']:.4f} ({found['low']:+.4f} to {found['high']:+.4f})"
            for name, found in self.figures.items()
        )

    def document(self) -> dict[str, Any]:
        """Return the figures, rounded for the log."""
        return {name: {what: round(value, 5) for what, value in found.items()} for name, found in self.figures.items()}


def compare(impressions: Sequence[Impression], before: Floats, after: Floats) -> Comparison:
    """Compare two scores (shown,) of what impressions show, one impression after the other.

    The bounds are of a bootstrap that draws readers: the change lies above the lower bound with 95 %, and below the
    upper bound with 95 %. The impressions show clicked and unclicked
    articles.
    """
    clicked = np.array([hit for one in impressions for hit in one.clicked], np.bool_)
    offsets = np.cumsum([0, *(len(one.shown) for one in impressions)])
    former, latter = (ranking_metrics(Impressions(scores, clicked, offsets)) for scores in (before, after))
    bootstrap = Bootstrap([one.user_id for one in impressions], np.random.default_rng(0), SAMPLES)
    means, figures = (mean_scores(former), mean_scores(latter)), {}
    for name in METRICS:
        apart = bootstrap.means(latter[name] - former[name])
        low, high = np.nanpercentile(apart, [5, 95])
        figures[name] = {"before": means[0][name], "after": means[1][name], "low": float(low), "high": float(high)}
    return Comparison(figures)
