"""Intervals that stay true however often one looks: confidence sequences for the value of a policy.

With probability 95 % the true value lies in the interval after every round at once, whatever the number of rounds, and
whenever one stops. Nothing is assumed but true probabilities of what was shown and rewards from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Sequence

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
    then lower in long logs with rare rewards, since the mean reward so far can be taken as a baseline.

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
    missed = [(weight * (1 - reward), 1.0)]
    if largest is not None:
        base = 1 - _earlier_mean(weight * reward, weight)
        missed.append((weight * (1 - reward - base) + base, max(largest, 1.0)))
    low, high = _lower([(weight * reward, 1.0)]), 1 - _lower(missed)
    return Interval(float(max(low, 0.0)), float(min(high, 1.0)))


def _earlier_mean(tops: Floats, bottoms: Floats) -> Floats:
    """Return the ratio of the sums over the rounds before each round, from 0 to 1; 0.5 before the first."""
    before = np.concatenate([[0.5], 0.5 + np.cumsum(tops)[:-1]])
    return np.asarray(np.clip(before / np.concatenate([[1.0], 1 + np.cumsum(bottoms)[:-1]]), 0, 1))


def _lower(ways: Sequence[tuple[Floats, float]]) -> float:
    """Return a lower bound of the mean of the outcomes' expectations.

    `ways` are outcomes with the same expectations, each with a scale: no outcome is below 1 - scale. For a bet b from 0
    to 1, exp(b * sum(y - mean) - psi(b) * sum((y - guess) ** 2)) is a supermartingale, with y the outcomes over scale,
    psi(b) = -log(1 - b) - b, and a guess of at most 1 / scale made before each round (Fan, Grama and Liu 2015; Howard
    et al. 2021, theorem 4). So is its mean over bets and ways, which is above 1 / 0.025 with probability 2.5 % at most
    (Ville 1939).
    """
    rounds = len(ways[0][0])
    if not rounds:
        return 0.0
    parts = [_bets(outcomes / scale, scale) for outcomes, scale in ways]
    slopes, offsets = (np.concatenate(values) for values in zip(*parts, strict=True))
    bar = np.log(2 / (1 - LEVEL)) + np.log(len(slopes))
    low, high = -1.0, float(ways[0][0].mean())
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        above = np.logaddexp.reduce(offsets - slopes * rounds * middle) >= bar
        low, high = (middle, high) if above else (low, middle)
    return low


def _bets(scaled: Floats, scale: float) -> tuple[Floats, Floats]:
    """Return the logarithm of each bet's supermartingale as a line in rounds * mean: slopes and offsets, (bets,)."""
    before = np.concatenate([[0.0], np.cumsum(scaled)[:-1]])
    guess = np.clip(before / np.maximum(np.arange(len(scaled)), 1), 0, 1 / scale)
    bets = np.geomspace(1e-4, 0.95, _STEPS)
    costs = (-np.log1p(-bets) - bets) * float(((scaled - guess) ** 2).sum())
    return bets / scale, bets * float(scaled.sum()) - costs
