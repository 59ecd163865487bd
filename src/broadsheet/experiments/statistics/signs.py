"""The sign test that may be looked at after every trial, such as which of two rankers wins more often."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from broadsheet.experiments.statistics.bounded import Bounds
from broadsheet.experiments.statistics.mixture import ALPHA
from broadsheet.tables.arrays import Flags, Floats

PRIOR = 50.0
"""Weight of chances near one half in the mixture: the test is tightest for one that wins some 55 % of the trials."""
_STEPS = 60


def sign_p_value(wins: Floats, trials: Floats, prior: float = PRIOR) -> Floats:
    """Return the p-value of equal chances at each look (..., looks), valid at every look: it never rises again.

    `wins` and `trials` are counted until each look, ties left out. All chances are mixed (Robbins 1970),
    by a beta distribution with `prior` for both of its numbers; 1 gives all chances the same weight.
    """
    log_e = _log_marginal(wins, trials, prior) + np.asarray(trials, np.float64) * math.log(2)
    return np.minimum(1.0, np.exp(-np.maximum.accumulate(log_e, axis=-1)))


def sign_sequence(wins: Floats, trials: Floats, alpha: float = ALPHA, prior: float = PRIOR) -> Bounds:
    """Return the share of trials won with its interval at each look (..., looks); intervals only grow narrower."""
    from scipy.special import xlogy

    wins, trials = np.asarray(wins, np.float64), np.asarray(trials, np.float64)
    share = wins / np.maximum(trials, 1)
    least = math.log(alpha) + _log_marginal(wins, trials, prior)

    def is_kept(chance: Floats) -> Flags:
        kept: Flags = xlogy(wins, chance) + xlogy(trials - wins, 1 - chance) > least
        return kept

    low = _edge(is_kept, share, np.zeros_like(share))
    high = _edge(is_kept, share, np.ones_like(share))
    return Bounds(share, np.maximum.accumulate(low, axis=-1), np.minimum.accumulate(high, axis=-1))


def _log_marginal(wins: Floats, trials: Floats, prior: float) -> Floats:
    """Return the logarithm of the probability of the wins, in one order, under the mixture of all chances."""
    from scipy.special import betaln

    wins, trials = np.asarray(wins, np.float64), np.asarray(trials, np.float64)
    found: Floats = betaln(prior + wins, prior + trials - wins) - betaln(prior, prior)
    return found


def _edge(is_kept: Callable[[Floats], Flags], inside: Floats, outside: Floats) -> Floats:
    """Return the chance furthest from `inside` towards `outside` that is kept, element by element."""
    for _ in range(_STEPS):
        middle = (inside + outside) / 2
        kept = is_kept(middle)
        inside, outside = np.where(kept, middle, inside), np.where(kept, outside, middle)
    return outside
