"""Ranking metrics: AUC, MRR and nDCG@k of impressions, by the definitions of MIND's evaluate.py (Wu et al. 2020).

Each impression is measured by itself. Impressions without a click, and impressions whose articles were all clicked, are
skipped. Of two equal scores AUC counts a half; for MRR and nDCG the article shown later ranks first.

A metric returns one float64 value for each impression, 0 to 1, higher is better; NaN for a skipped impression.
Impressions of one length are sorted as one matrix: sorting all articles at once takes several times as long.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.errors import ContractError, join_problems
from broadsheet.tables.arrays import Flags, Floats, Integers

_BLOCK = 1 << 20  # values in one matrix: bounds the memory of intermediate results


@dataclass(frozen=True)
class Impressions:
    """Scored impressions, one after another; raises ContractError if the arrays do not fit or a score is NaN."""

    scores: npt.NDArray[Any]
    "One score for each shown article, float32 or float64; higher is better. (shown,)"
    clicked: Flags
    "Which of them were clicked. (shown,)"
    offsets: Integers
    "Where each impression starts; last, where the last one ends. (impressions + 1,)"

    def __post_init__(self) -> None:
        ends = (int(self.offsets[0]), int(self.offsets[-1])) if len(self.offsets) else ()
        problems = []
        if ends != (0, len(self.scores)) or len(self.scores) != len(self.clicked) or (np.diff(self.offsets) < 0).any():
            problems.append(
                f"{len(self.scores)} scores, {len(self.clicked)} clicked and offsets from and to {ends}; "
                "expected one of each for every shown article, and offsets that rise from 0 to their number"
            )
        if np.isnan(self.scores).any():
            problems.append(f"{np.isnan(self.scores).sum()} scores are NaN; expected numbers")
        if problems:
            raise ContractError(f"impressions: {join_problems(problems)}. Look at the model that scored them.")

    @classmethod
    def from_columns(cls, scores: pa.ChunkedArray | pa.Array, clicked: pa.ChunkedArray | pa.Array) -> "Impressions":
        """Take list columns of scores and of clicks, one list an impression.

        An unlabelled impression (no clicks listed at all) counts as one without a click, so that it is skipped. Raises
        ContractError if the lists of an impression differ in length otherwise.
        """
        lengths, labels = _lengths(scores), _lengths(clicked)
        if len(lengths) != len(labels):
            raise ContractError(f"impressions: {len(lengths)} lists of scores for {len(labels)} of clicks.")
        wrong = np.flatnonzero((lengths != labels) & (labels > 0))
        if len(wrong):
            first = int(wrong[0])
            raise ContractError(
                f"impressions: {len(wrong)} have scores and clicks of unequal length, first at row {first} "
                f"({lengths[first]} scores, {labels[first]} clicks). Score every shown article."
            )
        flags = np.zeros(lengths.sum(), np.bool_)
        flags[np.repeat(labels > 0, lengths)] = _values(clicked)
        return cls(_values(scores), flags, np.concatenate([[0], np.cumsum(lengths)]))

    def __len__(self) -> int:
        return len(self.offsets) - 1


def auc(impressions: Impressions) -> Floats:
    """Share of the pairs of a clicked and another article in which the clicked one scores higher; a tie is a half."""
    return measure(impressions, {"auc": _auc})["auc"]


def mrr(impressions: Impressions) -> Floats:
    """Mean of 1 / rank over all clicked articles of the impression."""
    return measure(impressions, {"mrr": _mrr})["mrr"]


def ndcg(impressions: Impressions, k: int) -> Floats:
    """Discounted gain of the clicks among the first k ranks, divided by that of the best order."""
    return measure(impressions, {"ndcg": _ndcg(k)})["ndcg"]


def ranking_metrics(impressions: Impressions) -> dict[str, Floats]:
    """Return auc, mrr, ndcg@5 and ndcg@10 by name, from one sort of each impression."""
    return measure(impressions, {"auc": _auc, "mrr": _mrr, "ndcg@5": _ndcg(5), "ndcg@10": _ndcg(10)})


def mean_scores(values: Mapping[str, Floats]) -> dict[str, float]:
    """Return the mean of each metric over the impressions that are not skipped, as leaderboards do; else NaN."""
    kept = {name: value[~np.isnan(value)] for name, value in values.items()}
    return {name: float(value.mean()) if len(value) else float("nan") for name, value in kept.items()}


Metric = Callable[[Flags, npt.NDArray[Any]], Floats]
"Takes clicks and scores, both best first (impressions, shown), all with a click and a miss; returns (impressions,)."


def measure(impressions: Impressions, metrics: Mapping[str, Metric]) -> dict[str, Floats]:
    """Return the metrics named, from one sort of each impression; NaN for a skipped impression."""
    results = {name: np.full(len(impressions), np.nan) for name in metrics}
    for rows, positions in _matrices(impressions.offsets):
        clicked = impressions.clicked[positions]
        both = clicked.any(axis=1) & ~clicked.all(axis=1)
        rows, clicked, scores = rows[both], clicked[both], impressions.scores[positions[both]]
        order = np.argsort(scores, axis=1, kind="stable")[:, ::-1]
        clicked, scores = np.take_along_axis(clicked, order, 1), np.take_along_axis(scores, order, 1)
        for name, metric in metrics.items():
            results[name][rows] = metric(clicked, scores)
    return results


def at_least_one(k: int) -> int:
    """Return k; raises ContractError if it is less than 1."""
    if k < 1:
        raise ContractError(f"k: found {k}, expected 1 or more.")
    return k


def _matrices(offsets: Integers) -> Iterator[tuple[Integers, Integers]]:
    """Yield impressions of one length together: their numbers (rows,) and their articles' positions (rows, length)."""
    lengths = np.diff(offsets)
    order = np.argsort(lengths, kind="stable")
    for group in np.split(order, np.flatnonzero(np.diff(lengths[order])) + 1):
        length = int(lengths[group[0]]) if len(group) else 0
        if length < 2:
            continue
        block = max(1, _BLOCK // length)
        for start in range(0, len(group), block):
            rows = group[start : start + block]
            yield rows, offsets[rows][:, None] + np.arange(length)


def _auc(clicked: Flags, scores: npt.NDArray[Any]) -> Floats:
    length = clicked.shape[1]
    misses = np.zeros((len(clicked), length + 1), np.int64)
    np.cumsum(~clicked, axis=1, out=misses[:, 1:])  # before each position
    changes = np.ones((len(clicked), length + 1), np.bool_)
    changes[:, 1:-1] = scores[:, 1:] != scores[:, :-1]
    places = np.arange(length + 1)
    first = np.maximum.accumulate(np.where(changes, places, 0), axis=1)[:, :-1]
    after = np.minimum.accumulate(np.where(changes, places, length)[:, ::-1], axis=1)[:, ::-1][:, 1:]
    above, reached = np.take_along_axis(misses, first, 1), np.take_along_axis(misses, after, 1)
    below = misses[:, -1:] - (above + reached) / 2  # misses scored lower, and half of those that tie
    hits = length - misses[:, -1]
    return np.asarray((below * clicked).sum(axis=1) / (hits * misses[:, -1]))


def _mrr(clicked: Flags, _: npt.NDArray[Any]) -> Floats:
    return np.asarray(clicked @ (1.0 / np.arange(1, clicked.shape[1] + 1)) / clicked.sum(axis=1))


def _ndcg(k: int) -> Metric:
    def metric(clicked: Flags, _: npt.NDArray[Any]) -> Floats:
        discount = _discount(min(k, clicked.shape[1]))
        best = np.cumsum(discount)[np.minimum(clicked.sum(axis=1), len(discount)) - 1]
        return np.asarray(clicked[:, : len(discount)] @ discount / best)

    return metric


def _discount(k: int) -> Floats:
    return np.asarray(1.0 / np.log2(np.arange(2, at_least_one(k) + 2)))


def _lengths(lists: pa.ChunkedArray | pa.Array) -> Integers:
    return np.asarray(pc.fill_null(pc.list_value_length(lists), 0).to_numpy(), np.int64)


def _items(lists: pa.ChunkedArray | pa.Array) -> pa.Array:
    items = pc.list_flatten(lists)
    return items.combine_chunks() if isinstance(items, pa.ChunkedArray) else items


def _values(lists: pa.ChunkedArray | pa.Array) -> npt.NDArray[Any]:
    return np.asarray(_items(lists).to_numpy(zero_copy_only=False))
