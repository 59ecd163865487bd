"""Confidence intervals for the means of metrics, clustered by user.

The impressions of one reader resemble each other, so an interval over single impressions would be too narrow: whole
readers are drawn. The resamples are drawn once and shared by all metrics of the same impressions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from broadsheet.errors import ContractError
from broadsheet.tables.arrays import Floats

Users = Sequence[Any] | npt.NDArray[Any]

Interval = dict[str, float]
"""mean, low and high."""

_BLOCK = 1 << 21  # numbers held at once in the widest form: bounds the memory


class Difference(NamedTuple):
    """A mean difference with its 95 % interval."""

    mean: float
    low: float
    high: float
    p: float
    "Two-sided, of no difference: twice the share of resamples on the rarer side of 0."


class Bootstrap:
    """Resamples of the users of some impressions: each is drawn with replacement and brings all its impressions."""

    def __init__(self, users: Users, rng: np.random.Generator, samples: int = 1000) -> None:
        """Take the user of each impression (impressions,)."""
        self._owners = np.unique(np.asarray(users), return_inverse=True)[1] if len(users) else np.zeros(0, np.int64)
        size = int(self._owners.max(initial=-1)) + 1
        self._times = np.zeros((samples, size), np.uint8)  # how often each user was drawn
        for row in range(samples if size else 0):
            drawn = np.bincount(rng.integers(0, size, size), minlength=size)
            self._times[row] = np.minimum(drawn, 255)

    def intervals(self, metrics: Mapping[str, Floats]) -> dict[str, Interval]:
        """Return the mean and 95 % percentile interval of each metric, of one value for each impression.

        NaN values are left out. Raises ContractError if a metric has no other values.
        """
        if not metrics:
            return {}
        values = np.stack([np.asarray(value, np.float64) for value in metrics.values()], axis=1)
        low, high = np.nanpercentile(self.means(values), [2.5, 97.5], axis=0)
        rows = zip(np.nanmean(values, axis=0), low, high, strict=True)
        return {
            name: {"mean": float(mean), "low": float(least), "high": float(most)}
            for name, (mean, least, most) in zip(metrics, rows, strict=True)
        }

    def interval(self, values: Floats) -> tuple[float, float]:
        """Return the interval of one metric."""
        found = self.intervals({"": values})[""]
        return found["low"], found["high"]

    def difference(self, values_a: Floats, values_b: Floats) -> Difference:
        """Return the mean of a - b over the same impressions, with its interval.

        Raises ContractError if a and b skip (NaN) different impressions, and so cannot be compared.
        """
        if len(values_a) != len(values_b) or (np.isnan(values_a) != np.isnan(values_b)).any():
            raise ContractError(
                "paired difference: the two measure different impressions. Score the same ones with both."
            )
        apart = np.asarray(values_a, np.float64) - np.asarray(values_b, np.float64)
        means = self.means(apart)
        means = means[~np.isnan(means)]
        rarer = min((means <= 0).sum(), (means >= 0).sum())
        low, high = np.percentile(means, [2.5, 97.5])
        p = min(1.0, 2 * (rarer + 1) / (len(means) + 1))  # never 0 (Davison and Hinkley 1997)
        return Difference(float(np.nanmean(apart)), float(low), float(high), float(p))

    def means(self, values: Floats) -> Floats:
        """Return the mean of each resample of values (impressions,) or (impressions, metrics), a row each.

        NaN for a resample without a reader who has a value.
        """
        if len(values) != len(self._owners):
            raise ContractError(
                f"bootstrap: {len(values)} values for {len(self._owners)} users; expected a user for each value."
            )
        kept = ~np.isnan(values)
        if not kept.any(axis=0).all():
            raise ContractError(
                "bootstrap: no values. Measure impressions that hold a click and a shown article without one."
            )
        sums, counts = self._by_user(np.nan_to_num(values)), self._by_user(kept.astype(np.float64))
        block = max(1, _BLOCK // self._times.shape[1])
        parts = []
        for start in range(0, len(self._times), block):
            times = self._times[start : start + block].astype(np.float64)
            total = times @ counts
            parts.append(np.divide(times @ sums, total, out=np.full(total.shape, np.nan), where=total > 0))
        return np.concatenate(parts)

    def _by_user(self, values: Floats) -> Floats:
        """Return the sums over each user's impressions."""
        sums = np.zeros((self._times.shape[1], *values.shape[1:]))
        np.add.at(sums, self._owners, values)
        return sums


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p-values of several comparisons corrected by Holm's step-down method (1979), in the same order."""
    order = np.argsort(p_values, kind="stable")
    steps = np.arange(len(p_values), 0, -1)
    corrected = np.minimum(np.maximum.accumulate(np.asarray(p_values, np.float64)[order] * steps), 1.0)
    result = np.empty(len(p_values))
    result[order] = corrected
    return [float(p) for p in result]


_Z = 1.959964


def wilson(values: Mapping[str, float]) -> Interval:
    """Return mean and 95 % interval of the shares (0 to 1) of independent articles, by id."""
    size, mean = len(values), sum(values.values()) / len(values)
    middle = (mean + _Z**2 / (2 * size)) / (1 + _Z**2 / size)
    reach = _Z / (1 + _Z**2 / size) * sqrt(mean * (1 - mean) / size + _Z**2 / (4 * size**2))
    return {"mean": mean, "low": max(0.0, middle - reach), "high": min(1.0, middle + reach)}
