"""The reward model of DM and DR: what an article would earn, learned from other readers than those it is asked about.

A model that has seen a round flatters itself on it, so readers are split into folds, and each fold is predicted by a
model of the other folds (cross-fitting: Chernozhukov et al. 2018, section 3).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from broadsheet.tables.arrays import Floats, Integers

FOLDS = 5
_PENALTY = 10.0
"""Of the ridge regression, in rounds: a feature that fewer rounds know counts little."""
_PRIOR = 20.0
"""Rounds with the average reward that each article is given before its own."""


class Predicted(NamedTuple):
    """What the model predicts."""

    shown: Floats
    "The reward of what was shown, (rounds,)."
    candidates: Floats
    "The reward of every candidate, (candidates,)."


def folds_of(readers: Integers) -> Integers:
    """Return the fold of each round, 0 to FOLDS - 1; the rounds of a reader are in one fold. (rounds,)."""
    _, numbers = np.unique(readers, return_inverse=True)
    order = np.random.default_rng(0).permutation(int(numbers.max(initial=-1)) + 1)
    return np.asarray(order[numbers] % FOLDS, np.int64)


def by_features(shown: Floats, candidates: Floats, rewards: Floats, owners: Integers, readers: Integers) -> Predicted:
    """Return predictions by a ridge regression on the features of what was shown.

    `shown` is (rounds, features), `candidates` (candidates, features), `owners` the round of each candidate. Features
    are scaled to a deviation of 1. Predictions stay between the least and the largest reward.
    """
    middle, scale = shown.mean(axis=0), shown.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    standard, folds = (shown - middle) / scale, folds_of(readers)
    parts = [_ridge(standard[folds != fold], rewards[folds != fold]) for fold in range(FOLDS)]
    weights = np.stack([part[0] for part in parts], axis=1) / scale[:, None]  # (features, FOLDS), of plain features
    means = np.array([part[1] for part in parts]) - middle @ weights
    low, high = rewards.min(initial=0.0), rewards.max(initial=0.0)
    return Predicted(
        np.clip((shown @ weights + means)[np.arange(len(shown)), folds], low, high),
        np.clip((candidates @ weights + means)[np.arange(len(candidates)), folds[owners]], low, high),
    )


def _ridge(features: Floats, rewards: Floats) -> tuple[Floats, float]:
    """Return the weights (features,) and the mean reward, to which the penalty shrinks predictions."""
    mean = float(rewards.mean()) if len(rewards) else 0.0
    square = features.T @ features + _PENALTY * np.eye(features.shape[1])
    return np.asarray(np.linalg.solve(square, features.T @ (rewards - mean)), np.float64), mean


def by_article(
    shown: Integers, candidates: Integers, rewards: Floats, owners: Integers, readers: Integers
) -> Predicted:
    """Return each article's mean reward in the other folds, smoothed towards the mean of all articles.

    `shown` (rounds,) and `candidates` (candidates,) are numbers of articles, from 0 on.
    """
    size = int(max(shown.max(initial=-1), candidates.max(initial=-1))) + 1
    folds = folds_of(readers)
    found = Predicted(np.zeros(len(shown)), np.zeros(len(candidates)))
    for fold in range(FOLDS):
        inside, asked = folds == fold, folds[owners] == fold
        mean = float(rewards[~inside].mean()) if not inside.all() else 0.0
        earned = np.bincount(shown[~inside], rewards[~inside], size) + _PRIOR * mean
        rates = earned / (np.bincount(shown[~inside], minlength=size) + _PRIOR)
        found.shown[inside], found.candidates[asked] = rates[shown[inside]], rates[candidates[asked]]
    return found
