"""The weights of the signals chosen from a grid, on a split that no result is reported on."""

from __future__ import annotations

import itertools
from typing import Any

from broadsheet.corpus.impressions import Split
from broadsheet.evaluation.ranking.fusion import lists_of, requests_of
from broadsheet.evaluation.report.document import stamp
from broadsheet.rerank.signals import fuse
from broadsheet.training.fusion import ranking
from broadsheet.workbench.workbench import Workbench

GRID = {
    "relevance": (0.0, 1.0),
    "attention": (0.0, 1.0, 2.0),
    "two_tower": (1.0, 2.0, 3.0),
    "popularity": (0.0, 0.1, 0.2),
    "click_rate": (0.0, 0.1, 0.2, 0.3),
    "affinity": (0.0, 0.1, 0.2),
}
"""Weights tried. Freshness is left alone: MIND has no publication times."""


def measure_grid(bench: Workbench, split: Split) -> dict[str, Any]:
    """Return the document of all weights of GRID, content-only and live; the best first.

    The best weights have the highest mean over both settings of AUC + nDCG@10.
    """
    settings = {
        name: lists_of(requests_of(bench, split, lent=lent)) for name, lent in (("content-only", False), ("live", True))
    }
    rows: list[dict[str, Any]] = []
    for values in itertools.product(*GRID.values()):
        weights = dict(zip(GRID, values, strict=True))
        found = {}
        for name, lists in settings.items():
            means = ranking(fuse({signal: lists.signals[signal] for signal in weights}, weights), lists)
            found[name] = {metric: means[metric] for metric in ("auc", "ndcg@10")}
        mean = sum(sum(means.values()) for means in found.values()) / len(found)
        rows.append({"weights": weights, **found, "mean": round(mean, 4)})
    sizes = {name: len(lists.lengths) for name, lists in settings.items()}
    rows.sort(key=lambda row: -row["mean"])
    return {**stamp(), "split": split.name, "impressions": sizes, "grid": rows}
