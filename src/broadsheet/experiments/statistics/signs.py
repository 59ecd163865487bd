"""The sign test that may be looked at after every trial, such as which of two rankers wins more often."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from broadsheet.experiments.statistics.bounded import Bounds
from broadsheet.experiments.statistics.mixture import ALPHA
from broadsheet.tables.arrays import Flags, Floats

_STEPS = 60


def sign_p_value(wins: Floats, trials: Floats) -> Floats:
    """Return the p-value of equal chances at each look (..., looks), valid at every look: it never rises again.

    `wins` and `trials` are counted until each look, ties left out. The mixture of all chances has equal weights
    (Robbins 1970, the uniform prior).
    """
    log_e = _log_marginal(wins, trials) + np.asarray(trials, np.float64) * math.log(2)
    return np.minimum(1.0, np.exp(-np.maximum.accumulate(log_e, axis=-1)))


def sign_sequence(wins: Floats, trials: Floats, alpha: float = ALPHA) -> Bounds:
    """Return the share of trials won with its interval at each look (..., looks); intervals only grow narrower."""
    from scipy.special import xlogy

    wins, trials = np.asarray(wins, np.float64), np.asarray(trials, np.float64)
    share = wins / np.maximum(trials, 1)
    least = math.log(alpha) + _log_marginal(wins, trials)

    def is_kept(chance: Floats) -> Flags:
        kept: Flags = xlogy(wins, chance) + xlogy(trials - wins, 1 - chance) > least
        return kept

    low = _edge(is_kept, share, np.zeros_like(share))
    high = _edge(is_kept, share, np.ones_like(share))
    return Bounds(share, np.maximum.accumulate(low, axis=-1), np.minimum.accumulate(high, axis=-1))


def _log_marginal(wins: Floats, trials: Floats) -> Floats:
    """Return the logarithm of the probability of the wins, in one order, if every chance is as likely."""
    from scipy.special import betaln

    wins, trials = np.asarray(wins, np.float64), np.asarray(trials, np.float64)
    found: Floats = betaln(1 + wins, 1 + trials - wins)
    return found


def _edge(is_kept: Callable[[Floats], Flags], inside: Floats, outside: Floats) -> Floats:
    """Return the chance furthest from `inside` towards `outside` that is kept, element by element."""
    for _ in range(_STEPS):
        middle = (inside + outside) / 2
        kept = is_kept(middle)
        inside, outside = np.where(kept, middle, inside), np.where(kept, outside, middle)
    return outside
