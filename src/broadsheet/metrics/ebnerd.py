"""Ranking metrics by the names of EB-NeRD's benchmark (Kruse et al. 2024).

AUC, MRR and nDCG@k are those of broadsheet.metrics.ranking: MRR is the mean over all clicks of an impression.
`reciprocal_rank` is that of the first click alone, which differs if an impression has several clicks. HitRatio@k is 1
if a click is among the first k; papers report it, though the benchmark's code lacks it. The other metrics take
scores as probabilities. The benchmark fails on an impression without a click or without a miss; here it is skipped.

A metric returns one float64 value for each impression, NaN for a skipped impression.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from broadsheet.errors import ContractError
from broadsheet.metrics.ranking import Impressions, Metric, at_least_one, measure, ranking_metrics
from broadsheet.tables.arrays import Flags, Floats

_CLIP = 1e-11
"""How far the benchmark keeps probabilities from 0 and 1 before it takes their logarithm."""


def ebnerd_ranking(impressions: Impressions, depths: tuple[int, ...] = (5, 10)) -> dict[str, Floats]:
    """Return auc, mrr, ndcg@5, ndcg@10, reciprocal_rank and hit_ratio@k of each depth: 0 to 1, higher is better."""
    own: dict[str, Metric] = {"reciprocal_rank": _reciprocal_rank}
    return ranking_metrics(impressions) | measure(impressions, own | {f"hit_ratio@{k}": _hit_ratio(k) for k in depths})


def ebnerd_classification(impressions: Impressions, threshold: float = 0.5) -> dict[str, Floats]:
    """Return logloss and rmse (0 or more, lower is better), accuracy and f1 (0 to 1, higher is better).

    logloss is in nats. A score of `threshold` or more predicts a click. Raises ContractError if a score is
    not between 0 and 1; the benchmark would clip it.
    """
    wrong = (impressions.scores < 0) | (impressions.scores > 1)
    if wrong.any():
        raise ContractError(
            f"scores: {wrong.sum()} of {len(wrong)} are below 0 or above 1; expected probabilities of a click. "
            "Pass them through the sigmoid first, or use ebnerd_ranking."
        )
    metrics: dict[str, Metric] = {"logloss": _log_loss, "rmse": _root_mean_squared_error}
    return measure(impressions, metrics | {"accuracy": _accuracy(threshold), "f1": _f1(threshold)})


def _reciprocal_rank(clicked: Flags, _: npt.NDArray[Any]) -> Floats:
    return np.asarray(1.0 / (clicked.argmax(axis=1) + 1))


def _hit_ratio(k: int) -> Metric:
    depth = at_least_one(k)
    return lambda clicked, _: np.asarray(clicked[:, :depth].any(axis=1), np.float64)


def _log_loss(clicked: Flags, scores: npt.NDArray[Any]) -> Floats:
    chances = np.clip(scores.astype(np.float64), _CLIP, 1 - _CLIP)
    return np.asarray(-np.log(np.where(clicked, chances, 1 - chances)).mean(axis=1))


def _root_mean_squared_error(clicked: Flags, scores: npt.NDArray[Any]) -> Floats:
    return np.asarray(np.sqrt(((scores.astype(np.float64) - clicked) ** 2).mean(axis=1)))


def _accuracy(threshold: float) -> Metric:
    return lambda clicked, scores: np.asarray(((scores >= threshold) == clicked).mean(axis=1))


def _f1(threshold: float) -> Metric:
    def metric(clicked: Flags, scores: npt.NDArray[Any]) -> Floats:
        predicted = scores >= threshold
        return np.asarray(2 * (predicted & clicked).sum(axis=1) / (predicted.sum(axis=1) + clicked.sum(axis=1)))

    return metric
