"""What is learned from the signals of earlier days: trees and weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from broadsheet.rerank.learned_fusion import FusionRecipe, LearnedFusion, Lists, fit_fusion
from broadsheet.rerank.signals import present
from broadsheet.tables.arrays import Floats
from broadsheet.training.fusion import usable


def learn_trees(lists: Lists, recipe: FusionRecipe, seeds: Sequence[int]) -> list[LearnedFusion]:
    """Return trees over the signals that tell articles apart, for each seed."""
    names, _ = usable(lists)
    return [fit_fusion(lists, names, recipe, (seed,)) for seed in seeds]


def learn_weights(lists: Lists) -> dict[str, float]:
    """Return the weight, 0 or more, of each signal under which the clicks are most likely.

    The probability of a list's click is the softmax of the weighted sums; the weights of signals that are no use are 0.
    """
    from scipy.optimize import minimize

    names, _ = usable(lists)
    values = np.stack([present(lists.signals[name]) for name in names], axis=1)
    spread = np.maximum(values.std(axis=0), 1e-9)
    values = values / spread
    starts = np.concatenate([[0], np.cumsum(lists.lengths)[:-1]])
    clicks = lists.clicked.astype(np.float64)
    total = np.add.reduceat(clicks, starts)

    def loss(weights: Floats) -> tuple[float, Floats]:
        scores = values @ weights
        exponents = np.exp(scores - np.repeat(np.maximum.reduceat(scores, starts), lists.lengths))
        share = exponents / np.repeat(np.add.reduceat(exponents, starts), lists.lengths)
        gradient = values.T @ (share * np.repeat(total, lists.lengths) - clicks)
        likely = (clicks * np.log(np.maximum(share, 1e-300))).sum()
        return float(-likely) / len(starts), gradient / len(starts)

    found = minimize(loss, np.ones(len(names)), jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(names)).x
    learned = dict(zip(names, (found / spread).tolist(), strict=True))
    return {name: learned.get(name, 0.0) for name in lists.signals}
