"""Confidence intervals for the means of metrics, clustered by user.

A reader's impressions are alike, so that an interval over single impressions would be too narrow: whole users are
resampled.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from broadsheet.errors import ContractError

Floats = npt.NDArray[np.float64]

_BLOCK = 1 << 20  # drawn users held at once: bounds the memory


class Difference(NamedTuple):
    """A mean difference with its 95 % interval."""

    mean: float
    low: float
    high: float


def bootstrap_interval(
    values: Floats, users: Sequence[Any] | npt.NDArray[Any], rng: np.random.Generator, samples: int = 1000
) -> tuple[float, float]:
    """Return the 95 % percentile interval of the mean of `values`, resampling whole users.

    Users are drawn with replacement and bring all their values. NaN values are left out. Raises ContractError if that
    leaves nothing.
    """
    values = np.asarray(values, np.float64)
    if len(values) != len(users):
        raise ContractError(f"bootstrap: {len(values)} values for {len(users)} users; expected a user for each value.")
    kept = ~np.isnan(values)
    if not kept.any():
        raise ContractError(
            "bootstrap: no values. Measure impressions that hold a click and a shown article without one."
        )
    owners = np.unique(np.asarray(users)[kept], return_inverse=True)[1]
    sums, counts = np.bincount(owners, values[kept]), np.bincount(owners)
    size = len(counts)
    block = max(1, _BLOCK // size)
    means = []
    for start in range(0, samples, block):
        drawn = rng.integers(0, size, (min(block, samples - start), size))
        means.append(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1))
    low, high = np.percentile(np.concatenate(means), [2.5, 97.5])
    return float(low), float(high)


def paired_difference(
    values_a: Floats,
    values_b: Floats,
    users: Sequence[Any] | npt.NDArray[Any],
    rng: np.random.Generator,
    samples: int = 1000,
) -> Difference:
    """Return the mean of a - b over the same impressions, with its interval clustered by user.

    Raises ContractError if the two skip (NaN) different impressions: they were then not measured on the same ones.
    """
    if len(values_a) != len(values_b) or (np.isnan(values_a) != np.isnan(values_b)).any():
        raise ContractError("paired difference: the two measure different impressions. Score the same ones with both.")
    difference = np.asarray(values_a, np.float64) - np.asarray(values_b, np.float64)
    low, high = bootstrap_interval(difference, users, rng, samples)
    return Difference(float(np.nanmean(difference)), low, high)
