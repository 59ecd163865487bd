"""Intervals that stay true however often one looks: confidence sequences for the value of a policy.

With probability 95 % the true value lies in the interval after every round at once, whatever the number of rounds, and
whenever one stops. Nothing is assumed but true probabilities of what was shown and rewards from 0 to 1.
"""

from __future__ import annotations

import numpy as np

from broadsheet.errors import InputError
from broadsheet.offline.estimators.intervals import LEVEL, Interval
from broadsheet.tables.arrays import Floats

_STEPS = 40
"""Bets of the mixture, from tiny ones, for long logs, to the largest allowed."""
_HALVINGS = 60


def anytime(reward: Floats, weight: Floats, largest: float | None = None) -> Interval:
    """Return the interval after the last round.

    `reward` is (rounds,) from 0 to 1, in the order in which the log was written, and `weight` the importance weights.
    `largest` is the largest weight that the two policies can give, if it is known before the rounds: the upper end is
    then much lower for rewards that are rare, since the mean reward so far can be taken as a baseline.

    The value is that of the policy averaged over the rounds' readers. It is the empirical Bernstein sequence of
    Waudby-Smith, Wu, Ramdas, Karampatziakis and Mineiro 2022, "Anytime-valid off-policy inference for contextual
    bandits", section 3: pseudo-outcomes that need no bound of the weights from above, the upper end by 1 - reward, with
    a mixture over bets. Raises InputError if a reward is below 0 or above 1.
    """
    if len(reward) and not (reward.min() >= 0 and reward.max() <= 1):
        raise InputError(
            f"reward: found {reward.min():g} to {reward.max():g}, expected 0 to 1. Divide rewards by the largest value "
            "that they can have."
        )
    low = _lower(weight * reward, 1.0)
    if largest is None:
        return Interval(float(max(low, 0.0)), float(min(1 - _lower(weight * (1 - reward), 1.0), 1.0)))
    base = 1 - _earlier_mean(weight * reward, weight)
    high = 1 - _lower(weight * (1 - reward - base) + base, max(largest, 1.0))
    return Interval(float(max(low, 0.0)), float(min(high, 1.0)))


def _earlier_mean(tops: Floats, bottoms: Floats) -> Floats:
    """Return the ratio of the sums over the rounds before each round, from 0 to 1; 0.5 before the first."""
    before = np.concatenate([[0.5], 0.5 + np.cumsum(tops)[:-1]])
    return np.asarray(np.clip(before / np.concatenate([[1.0], 1 + np.cumsum(bottoms)[:-1]]), 0, 1))


def _lower(outcomes: Floats, scale: float) -> float:
    """Return a lower bound of the mean of the outcomes' expectations; no outcome is below 1 - `scale`.

    For a bet b from 0 to 1, exp(b * sum(y - mean) - psi(b) * sum((y - guess) ** 2)) is a supermartingale, with y the
    outcomes over `scale`, psi(b) = -log(1 - b) - b, and a guess of at most 1 / scale made before each round (Fan, Grama
    and Liu 2015; Howard et al. 2021, theorem 4). So is its mean over bets, which is above 1 / 0.025 with probability
    2.5 % at most (Ville 1939).
    """
    if not len(outcomes):
        return 0.0
    scaled = outcomes / scale
    before = np.concatenate([[0.0], np.cumsum(scaled)[:-1]])
    guess = np.clip(before / np.maximum(np.arange(len(scaled)), 1), 0, 1 / scale)
    spread = float(((scaled - guess) ** 2).sum())
    bets = np.geomspace(1e-4, 0.95, _STEPS)
    costs = (-np.log1p(-bets) - bets) * spread
    bar = np.log(2 / (1 - LEVEL)) + np.log(_STEPS)
    total, rounds = float(scaled.sum()), len(scaled)

    def above(mean: float) -> bool:
        return bool(np.logaddexp.reduce(bets * (total - rounds * mean) - costs) >= bar)

    low, high = -1.0, total / rounds
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if above(middle) else (low, middle)
    return low * scale
