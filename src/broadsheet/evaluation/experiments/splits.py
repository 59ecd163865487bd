"""The alarm of a broken split, on simulated readers of whom an arm loses some."""

from __future__ import annotations

from typing import Any

import numpy as np

from broadsheet.experiments.statistics.sample_ratio import ALARM, sample_ratio
from broadsheet.metrics.intervals import wilson

LOSSES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2)
"""Share of the second arm's readers who are lost."""
LOOKS = np.unique(np.geomspace(10, 200_000, 300).astype(np.int64))
"""Readers after whom the split is looked at."""


def measure_splits(count: int) -> dict[str, Any]:
    """Return for each loss how many of `count` experiments raise the alarm, and the readers of the median one."""
    found: dict[str, dict[str, float | None]] = {}
    for number, loss in enumerate(LOSSES):
        rng = np.random.default_rng([11, number])
        share = (1 - loss) / (2 - loss)  # of the second arm among the readers that are seen
        first = np.array([_readers(share, rng) for _ in range(count)])
        raised = wilson({str(place): float(np.isfinite(readers)) for place, readers in enumerate(first)})
        middle = float(np.median(first))
        found[f"{loss:.0%}"] = {**raised, "median_readers": middle if np.isfinite(middle) else None}
    return found


def _readers(share: float, rng: np.random.Generator) -> float:
    """Return the number of readers after whom the alarm is raised, infinity if it never is."""
    second = np.cumsum(rng.binomial(np.diff(LOOKS, prepend=0), share))
    p = sample_ratio(np.stack([LOOKS - second, second], axis=-1), np.array([0.5, 0.5]))
    return float(LOOKS[(p < ALARM).argmax()]) if (p < ALARM).any() else float("inf")
