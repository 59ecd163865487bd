"""Confidence sequences for estimates with a standard error: the normal mixture of Robbins.

An interval at each look, which holds the truth at all looks together with probability 1 - alpha: a test may be looked
at every hour and stopped at any. Robbins 1970 (Annals of Mathematical Statistics 41); as the mixture SPRT, Johari et
al. 2017 (KDD); for estimates that are normal in large samples alone, Waudby-Smith et al. 2021, "Time-uniform central
limit theory", Theorem 2.2. The information, 1 / error², stands in the place of the number of observations.

Readers come again, so that a reader's later pages resemble the earlier. The increments of an estimate over readers are
then not independent but positively correlated, and the sequence is conservative: of all Gaussian processes with given
variances and increments without negative correlation, the one with independent increments crosses a boundary most
often (Slepian 1962).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from broadsheet.tables.arrays import Floats

ALPHA = 0.05
"""Probability that a sequence ever fails to hold the truth."""
_STEPS = 80


def radius(error: Floats, scale: float | Floats, alpha: float = ALPHA) -> Floats:
    """Return half the width of the interval around an estimate with a standard error, of the same shape.

    `scale` is the size of the difference that is looked for: the sequence is tightest when it can just tell it. It
    must not be chosen by the estimate itself. Where the error is not a number or 0, so is the radius.
    """
    error = np.asarray(error, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        known = np.square(scale / error)  # information in units of the scale
        found: Floats = error * np.sqrt((1 + 1 / known) * (np.log1p(known) - 2 * math.log(alpha)))
    return np.where(error > 0, found, np.where(error == 0, 0.0, np.nan))


def radius_of_one_side(error: Floats, scale: float | Floats, alpha: float = ALPHA) -> Floats:
    """Return how far below an estimate its lower bound lies, if only this side is watched.

    The mixture is over differences above 0 alone (half-normal; Howard et al. 2021, Annals of Statistics 49).
    """
    from scipy.special import log_ndtr

    error = np.asarray(error, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        known = np.square(scale / error)
        shrunk = np.sqrt(known / (1 + known))  # the estimate in errors, times this, decides

        def excess(z: Floats) -> Floats:
            at = z * shrunk
            found: Floats = math.log(2 * alpha) - np.log1p(known) / 2 + np.square(at) / 2 + log_ndtr(at)
            return found

        most = radius(error, scale, alpha) / error
        found = error * _root(excess, np.zeros_like(most), most)
    return np.where(error > 0, found, np.where(error == 0, 0.0, np.nan))


def p_value(estimate: Floats, error: Floats, scale: float | Floats) -> Floats:
    """Return the p-value of no difference at each look (..., looks), valid at every look: it never rises again."""
    estimate, error = np.asarray(estimate, np.float64), np.asarray(error, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        known = np.square(scale / error)
        log_e = np.square(estimate / error) * known / (2 * (1 + known)) - np.log1p(known) / 2
    log_e = np.where(error > 0, log_e, 0.0)
    highest = np.maximum.accumulate(np.nan_to_num(log_e), axis=-1)
    return np.minimum(1.0, np.exp(-highest))


def scale_of(error: float, alpha: float = ALPHA) -> float:
    """Return the scale with which the sequence is tightest when the standard error has come down to `error`."""
    known = -2 * math.log(alpha)
    for _ in range(_STEPS):  # the derivative of the radius is 0 where known = log(1 + known) - 2 log(alpha)
        known = math.log1p(known) - 2 * math.log(alpha)
    return error * math.sqrt(known)


def _root(rising: Callable[[Floats], Floats], low: Floats, high: Floats) -> Floats:
    """Return where a rising function is 0, between two bounds, element by element."""
    for _ in range(_STEPS):
        middle = (low + high) / 2
        above = rising(middle) > 0
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return (low + high) / 2
