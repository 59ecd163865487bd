"""The ranking metrics compared with scikit-learn and with a plain reading of their definitions, and timed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from time import perf_counter
from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score, f1_score, log_loss, ndcg_score, roc_auc_score, root_mean_squared_error

from broadsheet.evaluation.plain_metrics import plain_classification, plain_metrics
from broadsheet.metrics.ebnerd import ebnerd_classification, ebnerd_ranking
from broadsheet.metrics.ranking import Impressions, ranking_metrics

TOLERANCE = 1e-9
SHOWN = 37
"""Articles of an impression, on average, as in MIND's training set."""
TIMED = 1_000_000
"""Impressions of the timing."""

Reference = Callable[[list[float], list[bool]], dict[str, float]]


def draw(count: int, levels: int, rng: np.random.Generator) -> Impressions:
    """Return impressions of 1 to 2 * SHOWN - 1 articles with scores of 0 to 1; `levels` distinct ones, 0 for no ties.

    4 % are clicked, as in MIND, so that some impressions have no click, and of short ones some have clicks alone.
    """
    offsets = np.concatenate([[0], np.cumsum(rng.integers(1, 2 * SHOWN, count))])
    scores = rng.random(offsets[-1], np.float32)
    if levels:
        scores = np.floor(scores * levels) / np.float32(levels)
    return Impressions(scores, rng.random(offsets[-1]) < 0.04, offsets)


def each(shown: Impressions) -> Iterator[tuple[list[float], list[bool]]]:
    """Yield the scores and the clicks of each impression."""
    for start, end in pairwise(shown.offsets.tolist()):
        yield shown.scores[start:end].tolist(), shown.clicked[start:end].tolist()


def plain(scores: list[float], clicked: list[bool]) -> dict[str, float]:
    """Return all metrics of one impression, computed word for word from their definitions."""
    return plain_metrics(scores, clicked) | plain_classification(scores, clicked)


def scikit_learn(scores: list[float], clicked: list[bool]) -> dict[str, float]:
    """Return the metrics whose definitions agree with scikit-learn's; of nDCG only without ties, which it averages."""
    if all(clicked) or not any(clicked):
        return {}
    predicted = [score >= 0.5 for score in scores]
    found = {
        "auc": roc_auc_score(clicked, scores),
        "logloss": log_loss(clicked, np.clip(scores, 1e-11, 1 - 1e-11)),
        "rmse": root_mean_squared_error(clicked, scores),
        "accuracy": accuracy_score(clicked, predicted),
        "f1": f1_score(clicked, predicted),
    }
    if len(set(scores)) == len(scores):
        found |= {f"ndcg@{k}": ndcg_score([clicked], [scores], k=k) for k in (5, 10)}
    return found


def compare(shown: Impressions, reference: Reference, apart: dict[str, dict[str, float]]) -> None:
    """Add to `apart` how many values of each metric were compared and how far they are apart at most."""
    ours = ebnerd_ranking(shown) | ebnerd_classification(shown)
    for row, impression in enumerate(each(shown)):
        for name, value in reference(*impression).items():
            seen = apart.setdefault(name, {"values": 0, "largest_difference": 0.0})
            if not (np.isnan(value) and np.isnan(ours[name][row])):  # NaN on one side alone stays, and fails the check
                difference = abs(ours[name][row] - value)
                seen["largest_difference"] = float(np.maximum(seen["largest_difference"], difference))
                seen["values"] += 1


def time_metrics(rng: np.random.Generator) -> dict[str, Any]:
    """Return the seconds that the four metrics of MIND take over TIMED impressions: the best of three runs."""
    shown = draw(TIMED, 0, rng)
    seconds = []
    for _ in range(3):
        start = perf_counter()
        ranking_metrics(shown)
        seconds.append(perf_counter() - start)
    return {"impressions": len(shown), "shown": len(shown.scores), "seconds": round(min(seconds), 2)}


def check_metrics(cases: int) -> dict[str, Any]:
    """Compare as many drawn impressions, half of them with ties, with both references, and time the metrics."""
    rng = np.random.default_rng(0)
    found: dict[str, dict[str, dict[str, float]]] = {}
    skipped = 0
    for levels in (0, 5):
        shown = draw(cases // 2, levels, rng)
        skipped += int(np.isnan(ranking_metrics(shown)["auc"]).sum())
        for name, reference in {"scikit-learn": scikit_learn, "plain reading": plain}.items():
            compare(shown, reference, found.setdefault(name, {}))
    return {
        "impressions": 2 * (cases // 2),
        "skipped": skipped,
        "references": found,
        "speed": time_metrics(rng),
    }


def beyond_rounding(references: dict[str, dict[str, dict[str, float]]]) -> bool:
    """Return whether any metric is further from a reference than TOLERANCE."""
    return not all(
        seen["largest_difference"] <= TOLERANCE for metrics in references.values() for seen in metrics.values()
    )
