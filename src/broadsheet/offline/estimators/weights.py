"""Importance weights: how they are bounded, how many rounds they are worth, and how far a log reaches.

A weight is the probability of what was shown under the policy to evaluate, over its probability under the log's policy.
Over the rounds of a log whose probabilities are true, weights average 1.
"""

from __future__ import annotations

import numpy as np

from broadsheet.tables.arrays import Floats, Integers

_SQUARED = 1e100
"""Below this, the square of a weight is a number, whatever else is added."""


def clipped(weights: Floats, most: float) -> Floats:
    """Return min(w, most): Ionides 2008, "Truncated importance sampling"; Strehl et al. 2010, section 3."""
    return np.minimum(weights, most)


def switched(weights: Floats, most: float) -> Floats:
    """Return w where it is at most `most`, else 0: Wang, Agarwal and Dudík 2017, equation 6 (SWITCH)."""
    return np.where(weights <= most, weights, 0.0)


def shrunk(weights: Floats, strength: float) -> Floats:
    """Return strength * w / (w ** 2 + strength): Su et al. 2020, section 4.1, optimistic shrinkage.

    0 gives weights of 0, infinity the weights as they are.
    """
    if np.isinf(strength):
        return np.asarray(weights, np.float64)
    bottom = weights**2 + strength
    return np.divide(strength * weights, bottom, out=np.zeros(np.shape(weights)), where=bottom > 0)


def sub_gaussian(weights: Floats, share: float) -> Floats:
    """Return w / (1 - share + share * w): Metelli, Russo and Restelli 2021, equation 7 with s = -1.

    `share` is 0 to 1: 0 gives the weights as they are, 1 gives 1 for each weight above 0. No result is above 1 / share.
    """
    bottom = 1 - share + share * weights
    return np.divide(weights, bottom, out=np.zeros(np.shape(weights)), where=bottom > 0)


def effective_size(weights: Floats) -> float:
    """Return how many rounds with equal weights say as much: (sum w) ** 2 / sum w ** 2, Kish 1965.

    0 without weight, and where a weight is so large that its square may be no number.
    """
    if not float(np.max(weights, initial=0.0)) < _SQUARED:
        return 0.0
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares > 0 else 0.0


def overlap(evaluation: Floats, propensity: Floats, offsets: Integers) -> float:
    """Return the share of the evaluated policy's choices that the log's policy could have made too, 0 to 1.

    `evaluation` and `propensity` are the probabilities of all candidates of all rounds, (candidates,); the candidates
    of round i are offsets[i]:offsets[i + 1].
    """
    common = np.where(propensity > 0, evaluation, 0.0)
    return float(per_round(common, offsets).mean())


def per_round(values: Floats, offsets: Integers) -> Floats:
    """Return the sum over the candidates of each round, (rounds,)."""
    summed = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    return np.asarray(summed[offsets[1:]] - summed[offsets[:-1]])


def cluster_weights(
    evaluation: Floats, propensity: Floats, clusters: Integers, offsets: Integers, chosen: Integers
) -> Floats:
    """Return, for each round, how much likelier the evaluated policy shows the cluster of what was shown, (rounds,).

    The probability of a cluster is the sum over its candidates; `chosen` is the place of what was shown among the
    candidates of its round. Saito and Joachims 2022, section 3.1, with a cluster that is a function of the article.
    """
    rounds = np.repeat(np.arange(len(chosen)), np.diff(offsets))
    same = clusters == clusters[offsets[:-1] + chosen][rounds]
    size = len(chosen)
    tops = np.bincount(rounds[same], evaluation[same], size)
    bottoms = np.bincount(rounds[same], propensity[same], size)
    return np.divide(tops, bottoms, out=np.zeros(size), where=bottoms > 0)
