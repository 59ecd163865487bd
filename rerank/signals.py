"""Fusing signals: a weighted sum over those that are present, and what each contributed."""

import logging
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

AFFINITIES = {"affinity": "category", "subcategory_affinity": "subcategory", "source_affinity": "source"}
"""Signals that say how much of the history is like the candidate in a column of the news table."""
SIGNALS = ("relevance", "tower", "popularity", "click_rate", "trend", "co_click", "freshness", *AFFINITIES)


def fuse(signals: Mapping[str, Floats], weights: Mapping[str, float]) -> Floats:
    """Return scores: the weighted sum of the signals over the sum of all weights; an absent signal adds nothing.

    Absent is what is NaN or infinite. Each array holds one signal of one user's candidates.
    """
    total = sum(weights.values()) or 1.0
    parts = [weights[name] * present(values) for name, values in signals.items()]
    scores: Floats = np.sum(parts, axis=0) / total
    return scores


def present(values: Floats) -> Floats:
    """Return a signal's values, and 0 where it is absent: NaN, or infinite, which would else outweigh all others."""
    return np.where(np.isfinite(values), values, 0.0)


def contributions(signals: Mapping[str, Floats], weights: Mapping[str, float]) -> dict[str, Floats]:
    """Return what each signal adds to each candidate's score beyond what it adds to the user's average candidate.

    For each candidate they sum to its score less the mean score.
    """
    total = sum(weights.values()) or 1.0
    result = {}
    for name, values in signals.items():
        weighted = weights[name] * present(values) / total
        result[name] = weighted - weighted.mean() if len(weighted) else weighted
    return result


def share_of_history(history: npt.NDArray[np.object_], candidates: npt.NDArray[np.object_]) -> Floats:
    """Return the share of the history that has each candidate's value, such as its category, 0 to 1.

    NaN where the candidate's is unknown (empty), or where nothing of the history has one.
    """
    known = history[history != ""]
    if not len(known):
        return np.full(len(candidates), np.nan)
    names, counts = np.unique(known.astype(str), return_counts=True)
    share = dict(zip(names.tolist(), (counts / len(known)).tolist(), strict=True))
    return np.array([share.get(name, 0.0) if name else np.nan for name in candidates], np.float64)


log = logging.getLogger(__name__)


def finite(name: str, values: Floats, given: npt.NDArray[np.bool_] | bool = True) -> Floats:
    """Return a signal's values (candidates,) with NaN, which means absent, where they are not finite.

    `given` says where there was a value at all: a value that is merely absent is no reason for a warning.
    """
    known = np.isfinite(values)
    if (given & ~known).any():
        _warn(name)
    return np.where(known, values, np.nan)


@lru_cache  # a request every second would fill the log
def _warn(name: str) -> None:
    log.warning(
        "Signal %s: found values that are infinite or not a number; they count as absent, and this is said once. "
        "What makes the signal is damaged: build the edition again, or train the model behind it again.",
        name,
    )
