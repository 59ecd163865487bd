"""Intervals of 95 % for estimates: the rounds of one reader go together, since one reader's rounds resemble each other.

`skewed_t` is the interval to rely on. Few rounds with a large weight make an estimate skewed to the right, and its
estimated deviation is small just when the estimate is low, so that the bootstrap and the usual t interval miss the true
value too often; `scripts/benchmark_estimators.py` measures how often.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from broadsheet.offline.estimators.terms import Terms
from broadsheet.tables.arrays import Floats, Integers

LEVEL = 0.95
_BLOCK = 1 << 22  # numbers held at once while resampling: bounds the memory


class Interval(NamedTuple):
    """The ends of an interval of 95 %."""

    low: float
    high: float


def skewed_t(terms: Terms, readers: Integers) -> Interval:
    """Return the t interval of an estimate, corrected for skewness and for how badly its variance is known.

    The estimate is linearised (each reader's influence on it). The t statistic is transformed by Hall 1992, "On the
    removal of skewness by transformation", equation 2.5, which undoes the skewness of the readers' influences. Degrees
    of freedom are 2 * readers / (kurtosis - 1), from the variance of a variance (Satterthwaite 1946), and at most
    readers - 1. `readers` is the number of each round's reader, (rounds,); with fewer than 2 readers both ends are NaN.
    """
    influence = influences(terms, readers)
    count = len(influence)
    if count < 2:
        return Interval(np.nan, np.nan)
    influence = influence - influence.mean()
    square = float((influence**2).mean())
    if square == 0:
        return Interval(terms.value, terms.value)
    scaled = influence / np.sqrt(square)  # first, since a power of tiny influences would be 0
    skewness, kurtosis = float((scaled**3).mean()), float((scaled**4).mean())
    freedom = max(1.0, min(count - 1.0, 2 * count / max(kurtosis - 1, 1e-9)))
    error, reach = np.sqrt(square / (count - 1)) * count, _t_quantile(freedom)
    slope = skewness / np.sqrt(count)
    low, high = (terms.value - error * _without_skew(part, slope) for part in (reach, -reach))
    return Interval(float(low), float(high))


def _without_skew(reach: float, slope: float) -> float:
    """Return the t statistic whose transformation by Hall is `reach`."""
    if abs(slope) < 1e-9:
        return reach
    return float(3 / slope * (np.cbrt(1 + slope * (reach - slope / 6)) - 1))


def _t_quantile(freedom: float) -> float:
    from scipy.special import stdtrit  # loaded when it is needed: scipy takes longer than all of this folder

    return float(stdtrit(freedom, (1 + LEVEL) / 2))


def influences(terms: Terms, readers: Integers) -> Floats:
    """Return how much each reader moves the estimate, (readers,), by the linear part of its expansion."""
    rounds, table = len(terms.plain), terms.table
    numbers = _numbers(readers)
    sums = np.stack([np.bincount(numbers, column) for column in table.T], axis=1)
    counts = np.bincount(numbers)
    found = (sums[:, 0] - counts * terms.plain.mean()) / rounds
    ratios = terms.weights.shape[1]
    for tops, bottoms in zip(sums.T[1 : 1 + ratios], sums.T[1 + ratios :], strict=True):
        if bottoms.sum() > 0:
            found = found + (tops - tops.sum() / bottoms.sum() * bottoms) / bottoms.sum()
    return np.asarray(found)


def bootstraps(parts: Sequence[Terms], readers: Integers, samples: int = 1000, seed: int = 0) -> list[Interval]:
    """Return the percentile interval of each estimate, from `samples` resamples of the readers (Efron 1979).

    Each reader drawn brings all its rounds. All estimates share the resamples.
    """
    found = resampled(parts, readers, samples, seed)
    ends = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return [Interval(float(low), float(high)) for low, high in ends.T]


def resampled(parts: Sequence[Terms], readers: Integers, samples: int, seed: int) -> Floats:
    """Return each estimate of each resample of the readers, (samples, parts)."""
    numbers = _numbers(readers)
    counts = np.bincount(numbers)
    tables = [part.table for part in parts]
    columns = [counts, *(np.bincount(numbers, column) for table in tables for column in table.T)]
    sums, size = np.stack(columns, axis=1).astype(np.float64), len(counts)
    rng, totals = np.random.default_rng(seed), []
    for start in range(0, samples, block := max(1, _BLOCK // size)):
        rows = range(start, min(start + block, samples))
        totals.append(np.stack([np.bincount(rng.integers(0, size, size), minlength=size) for _ in rows]) @ sums)
    drawn, found, place = np.concatenate(totals), [], 1
    for part, table in zip(parts, tables, strict=True):
        ratios = part.weights.shape[1]
        plain, both = drawn[:, place], drawn[:, place + 1 : place + table.shape[1]]
        tops, bottoms = both[:, :ratios], both[:, ratios:]
        shares = np.divide(tops, bottoms, out=np.zeros(tops.shape), where=bottoms > 0)
        found.append(plain / drawn[:, 0] + shares.sum(axis=1))
        place += table.shape[1]
    return np.stack(found, axis=1)


def _numbers(readers: Integers) -> Integers:
    """Return readers numbered from 0 without gaps."""
    return np.asarray(np.unique(readers, return_inverse=True)[1], np.int64)
