"""What an estimator averages over the rounds of a log: a mean, and ratios of means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from broadsheet.tables.arrays import Floats


@dataclass(frozen=True)
class Terms:
    """The parts of an estimate, round by round.

    The estimate is the mean of `plain`, plus, for each column of `weighted`, its mean over that of `weights`. All
    estimators of this folder are of this form, so that one function makes the interval of any of them.
    """

    plain: Floats
    "(rounds,)"
    weighted: Floats
    "(rounds, ratios); no columns if the estimate is a mean alone."
    weights: Floats
    "(rounds, ratios), at least 0."

    @property
    def value(self) -> float:
        """The estimate; a ratio whose weights are all 0 counts 0."""
        tops, bottoms = self.weighted.mean(axis=0), self.weights.mean(axis=0)
        ratios = np.divide(tops, bottoms, out=np.zeros(len(tops)), where=bottoms > 0)
        return float(self.plain.mean() + ratios.sum())

    @property
    def table(self) -> Floats:
        """All parts side by side, (rounds, 1 + 2 * ratios): plain, weighted, weights."""
        return np.column_stack([self.plain, self.weighted, self.weights])


def mean_of(values: Floats) -> Terms:
    """Return the terms of a plain mean of one value for each round."""
    nothing = np.zeros((len(values), 0))
    return Terms(np.asarray(values, np.float64), nothing, nothing)


def ratio_of(weighted: Floats, weights: Floats, plain: Floats | None = None) -> Terms:
    """Return the terms of a ratio of means, (rounds,), or of a sum of ratios, (rounds, ratios).

    `plain` is a mean that is added, (rounds,).
    """
    rounds = len(weighted)
    added = np.zeros(rounds) if plain is None else np.asarray(plain, np.float64)
    return Terms(added, np.reshape(weighted, (rounds, -1)), np.reshape(weights, (rounds, -1)))
