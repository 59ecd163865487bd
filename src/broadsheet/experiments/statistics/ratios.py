"""Rates of readers, such as clicks a page, with errors over readers, and CUPED, which makes the errors smaller.

Readers are what an experiment draws, so a reader is one observation, whatever the number of pages: the pages of one
reader resemble each other. The error of a ratio of sums is that of its linear part (the delta method; Deng, Knoblich
and Lu 2018, KDD).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from broadsheet.tables.arrays import Floats, Rows


class Rate(NamedTuple):
    """A rate over readers: the sum of one number of each reader, divided by the sum of another."""

    mean: Floats
    error: Floats
    "Standard error of the mean; NaN with fewer than two readers."


def rate_of_sums(readers: Floats, above: Floats, below: Floats, squares: tuple[Floats, Floats, Floats]) -> Rate:
    """Return a rate from sums over readers, all of one shape, such as a look each.

    `above` and `below` are the sums of what is divided and of what it is divided by; `squares` are the sums of above²,
    above * below and below².
    """
    both = squares
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = above / below
        spread = both[0] - 2 * mean * both[1] + np.square(mean) * both[2]
        error = np.sqrt(np.maximum(spread, 0.0) * readers / (readers - 1)) / below
    return Rate(mean, np.where(readers > 1, error, np.nan))


def rate(above: Floats, below: Floats) -> Rate:
    """Return the rate of some readers, from a number of each for both sums (readers,)."""
    above, below = np.asarray(above, np.float64), np.asarray(below, np.float64)
    squares = (np.asarray(above @ above), np.asarray(above @ below), np.asarray(below @ below))
    return rate_of_sums(np.asarray(float(len(above))), np.asarray(above.sum()), np.asarray(below.sum()), squares)


class Difference(NamedTuple):
    """The rate of an arm less that of another."""

    mean: float
    error: float
    "Standard error over readers."
    explained: float = 0.0
    "Share of the variance that the covariates explain, 0 to 1; 0 without them."


def difference(above: Floats, below: Floats, treated: Rows, covariates: Floats | None = None) -> Difference:
    """Return the rate of the readers who are treated less that of the others.

    Arrays have a row for each reader. `covariates` (readers, count) were known before the experiment, so that they are
    the same in both arms but for chance; what they explain is taken out of the difference (CUPED; Deng et al. 2013,
    WSDM, with several covariates by least squares). A reader of whom a covariate is not known (NaN) has its mean.
    """
    treated = np.asarray(treated, np.bool_)
    arms = [_linear(np.asarray(above)[where], np.asarray(below)[where]) for where in (~treated, treated)]
    plain = Difference(float(arms[1][0] - arms[0][0]), _error([part for _, part in arms]))
    known = None if covariates is None else _known(np.asarray(covariates, np.float64))
    if known is None or not known.shape[1] or not np.isfinite(plain.error) or min(len(part) for _, part in arms) < 3:
        return plain
    groups = [known[where] for where in (~treated, treated)]
    apart = groups[1].mean(axis=0) - groups[0].mean(axis=0)
    centred = np.concatenate([group - group.mean(axis=0) for group in groups])
    slope = np.linalg.lstsq(centred, np.concatenate([part for _, part in arms]), rcond=None)[0]
    left = [part - (group - group.mean(axis=0)) @ slope for (_, part), group in zip(arms, groups, strict=True)]
    error = _error(left)
    explained = 1 - np.square(error / plain.error) if plain.error else 0.0
    return Difference(float(plain.mean - apart @ slope), error, float(max(0.0, explained)))


def _linear(above: Floats, below: Floats) -> tuple[float, Floats]:
    """Return the rate, and what each reader adds to it: their mean is 0, and that of the squares makes the error."""
    total = below.sum()
    if not total:
        return np.nan, np.full(len(above), np.nan)
    mean = float(above.sum() / total)
    return mean, (above - mean * below) * (len(above) / total)


def _error(parts: list[Floats]) -> float:
    sizes = [len(part) for part in parts]
    if min(sizes) < 2:
        return float("nan")
    return float(np.sqrt(sum(part @ part / (size * (size - 1)) for part, size in zip(parts, sizes, strict=True))))


def _known(covariates: Floats) -> Floats:
    """Return the covariates that vary, scaled, with their mean where a value is not known."""
    counts = (~np.isnan(covariates)).sum(axis=0)
    means = np.nansum(covariates, axis=0) / np.maximum(counts, 1)
    centred = np.where(np.isnan(covariates), 0.0, covariates - means)
    spread = np.sqrt(np.square(centred).mean(axis=0)) if len(centred) else np.zeros(covariates.shape[1])
    varies = spread > 0
    found: Floats = centred[:, varies] / spread[varies]
    return found
