"""Confidence sequences for means of values from 0 to 1, exact for any distribution and any number of values.

Waudby-Smith and Ramdas 2024, "Estimating means of bounded random variables by betting" (JRSS B 86). The values come one
after another, each with the same mean whatever came before: for instance a value for each reader, in the order in which
the readers came.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from broadsheet.errors import InputError
from broadsheet.experiments.statistics.mixture import ALPHA
from broadsheet.tables.arrays import Floats

MOST_BET = 0.5
"""Largest share of the capital that is bet, so that no value can take all of it (`c` of the paper)."""
GRID = 1000
"""Means that the betting sequence tells apart."""
_AT_ONCE = 1 << 21


class Bounds(NamedTuple):
    """The intervals of a mean at each look, each of the shape of the values."""

    mean: Floats
    "Mean of the values until then."
    low: Floats
    high: Floats


def empirical_bernstein(values: Floats, alpha: float = ALPHA) -> Bounds:
    """Return the empirical Bernstein sequence of values (..., n), Theorem 2: an interval after each value.

    Intervals only grow narrower. Raises InputError for a value outside 0 to 1.
    """
    values = _checked(values)
    bet, deviation = _bets(values, alpha)
    bet = np.minimum(bet, MOST_BET)
    cost = np.cumsum(4 * deviation * (-np.log1p(-bet) - bet) / 4, axis=-1)
    total = np.cumsum(bet, axis=-1)
    centre, reach = np.cumsum(bet * values, axis=-1) / total, (math.log(2 / alpha) + cost) / total
    return _narrowing(values, np.maximum(centre - reach, 0.0), np.minimum(centre + reach, 1.0))


def betting(values: Floats, alpha: float = ALPHA, grid: int = GRID) -> Bounds:
    """Return the hedged betting sequence of values (n,), Theorem 3: an interval after each value.

    It is tighter than the other sequence while the values are few. A mean is left out once a bettor who believes it is
    wrong has won 1 / alpha. Bounds are rounded outwards to the grid. Raises InputError for a value outside 0 to 1.
    """
    values = _checked(values)
    bets, _ = _bets(values, alpha)
    means = np.linspace(0.0, 1.0, grid + 1)
    with np.errstate(divide="ignore"):
        most_up, most_down = MOST_BET / means, MOST_BET / (1 - means)
    won = np.zeros((2, grid + 1))
    low, high = np.zeros(len(values)), np.ones(len(values))
    for start in range(0, len(values), max(1, _AT_ONCE // grid)):
        part = slice(start, start + max(1, _AT_ONCE // grid))
        apart, bet = values[part, None] - means, bets[part, None]
        up = won[0] + np.cumsum(np.log1p(np.minimum(bet, most_up) * apart), axis=0)
        down = won[1] + np.cumsum(np.log1p(-np.minimum(bet, most_down) * apart), axis=0)
        won = np.stack([up[-1], down[-1]])
        low[part], high[part] = _inside(np.maximum(up, down) - math.log(2), alpha, means)
    return _narrowing(values, low, high)


def _inside(capital: Floats, alpha: float, means: Floats) -> tuple[Floats, Floats]:
    """Return the lowest and the highest mean that is not left out, each a step of the grid further out."""
    kept = capital < -math.log(alpha)
    kept |= capital == capital.min(axis=1, keepdims=True)  # the last mean of all stays
    first, last = kept.argmax(axis=1), kept.shape[1] - 1 - kept[:, ::-1].argmax(axis=1)
    return means[np.maximum(first - 1, 0)], means[np.minimum(last + 1, len(means) - 1)]


def _bets(values: Floats, alpha: float) -> tuple[Floats, Floats]:
    """Return the bet on each value, and the squared deviation of the value, both from the values before it alone."""
    number = np.arange(1, values.shape[-1] + 1)
    mean = (0.5 + np.cumsum(values, axis=-1)) / (number + 1)
    variance = (0.25 + np.cumsum(np.square(values - mean), axis=-1)) / (number + 1)
    before = np.concatenate([np.full((*values.shape[:-1], 1), 0.5), mean[..., :-1]], axis=-1)
    spread = np.concatenate([np.full((*values.shape[:-1], 1), 0.25), variance[..., :-1]], axis=-1)
    bet = np.sqrt(2 * math.log(2 / alpha) / (spread * number * np.log1p(number)))
    return bet, np.square(values - before)


def _narrowing(values: Floats, low: Floats, high: Floats) -> Bounds:
    mean = np.cumsum(values, axis=-1) / np.arange(1, values.shape[-1] + 1)
    return Bounds(mean, np.maximum.accumulate(low, axis=-1), np.minimum.accumulate(high, axis=-1))


def _checked(values: Floats) -> Floats:
    values = np.asarray(values, np.float64)
    if not ((values >= 0) & (values <= 1)).all():
        raise InputError(
            f"values of a bounded mean: found {np.nanmin(values):g} to {np.nanmax(values):g}"
            f"{' and missing values' if np.isnan(values).any() else ''}, expected 0 to 1. Scale them by their bounds."
        )
    return values
