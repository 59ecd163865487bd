"""Estimators of single decisions: a round is one choice of an article, and its reward.

Arguments, all of shape (rounds,): `reward`; `weight`, the importance weight of what was shown (see `weights`);
`predicted`, the reward that a model predicts for what was shown; `expected`, the mean prediction over the choices of
the evaluated policy. Each function returns Terms, whose `value` is the estimate.
"""

from __future__ import annotations

import numpy as np

from broadsheet.offline.estimators.terms import Terms, mean_of, ratio_of
from broadsheet.offline.estimators.weights import clipped, shrunk, sub_gaussian, switched
from broadsheet.tables.arrays import Flags, Floats


def replay(reward: Floats, matches: Flags) -> Terms:
    """Return the mean reward of the rounds in which the evaluated policy would have shown the same.

    Li, Chu, Langford and Wang 2011, algorithm 2. It is right if the log chose uniformly at random and the evaluated
    policy has no chance in it.
    """
    same = np.asarray(matches, np.float64)
    return ratio_of(same * reward, same)


def direct_method(expected: Floats) -> Terms:
    """Return the mean of what a model predicts of the policy (DM): Dudík, Langford and Li 2011, section 2.1."""
    return mean_of(expected)


def ips(reward: Floats, weight: Floats) -> Terms:
    """Return the mean of w * r (inverse propensity scoring): Horvitz and Thompson 1952; Strehl et al. 2010."""
    return mean_of(weight * reward)


def clipped_ips(reward: Floats, weight: Floats, most: float) -> Terms:
    """Return IPS with weights of at most `most`: Ionides 2008; Bottou et al. 2013, section 4.3."""
    return ips(reward, clipped(weight, most))


def snips(reward: Floats, weight: Floats) -> Terms:
    """Return the mean of w * r over the mean of w: Swaminathan and Joachims 2015, equation 9."""
    return ratio_of(weight * reward, weight)


def sub_gaussian_ips(reward: Floats, weight: Floats, share: float) -> Terms:
    """Return IPS with weights w / (1 - share + share * w): Metelli, Russo and Restelli 2021, section 5."""
    return ips(reward, sub_gaussian(weight, share))


def dr(reward: Floats, weight: Floats, predicted: Floats, expected: Floats) -> Terms:
    """Return the mean of expected + w * (r - predicted): Dudík, Langford and Li 2011, equation 1."""
    return mean_of(expected + weight * (reward - predicted))


def sndr(reward: Floats, weight: Floats, predicted: Floats, expected: Floats) -> Terms:
    """Return DR whose correction is divided by the mean weight: Thomas and Brunskill 2016, section 5 (WDR)."""
    return ratio_of(weight * (reward - predicted), weight, expected)


def switch_dr(reward: Floats, weight: Floats, predicted: Floats, expected: Floats, most: float) -> Terms:
    """Return DR without correction where the weight is above `most`: Wang, Agarwal and Dudík 2017, section 4."""
    return dr(reward, switched(weight, most), predicted, expected)


def dros(reward: Floats, weight: Floats, predicted: Floats, expected: Floats, strength: float) -> Terms:
    """Return DR with optimistic shrinkage, weights strength * w / (w ** 2 + strength): Su et al. 2020, section 4.1."""
    return dr(reward, shrunk(weight, strength), predicted, expected)


def mips(reward: Floats, cluster_weight: Floats) -> Terms:
    """Return IPS with the weights of clusters of articles (MIPS): Saito and Joachims 2022, equation 5.

    `cluster_weight` comes from `weights.cluster_weights`. It is right if clicks depend on the article through its
    cluster alone.
    """
    return ips(reward, cluster_weight)
