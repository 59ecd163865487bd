"""What is learned from the signals of earlier days: trees, whose recipe readers held out choose, and weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from broadsheet.evaluation.ranking.calibration import FOLDS, folds_of
from broadsheet.rerank.learned_fusion import FusionRecipe, LearnedFusion, Lists, fit_fusion
from broadsheet.rerank.signals import present
from broadsheet.tables.arrays import Floats
from broadsheet.training.fusion import ranking, usable

RECIPES = (
    FusionRecipe(),
    FusionRecipe(trees=300, monotone=False),
    FusionRecipe(trees=150, leaves=15, least_in_leaf=100, monotone=False),
)
"""The package's own recipe, and larger trees in which a higher signal may lower the score."""


def choose_recipe(lists: Lists, readers: Sequence[str]) -> FusionRecipe:
    """Return the recipe with the best mean AUC on readers who were held out in turn.

    `readers` are those of the impressions (impressions,). Raises CorpusError if there is only one.
    """
    folds, (names, _) = folds_of(readers), usable(lists)

    def held_out(recipe: FusionRecipe) -> float:
        scores = np.zeros(len(lists.clicked))
        for fold in range(FOLDS):
            others, ours = np.repeat(folds != fold, lists.lengths), np.repeat(folds == fold, lists.lengths)
            if ours.any():
                fusion = fit_fusion(_part(lists, others, folds != fold), names, recipe)
                scores[ours] = fusion({name: lists.signals[name][ours] for name in names})
        return ranking(scores, lists)["auc"]

    return max(RECIPES, key=held_out)


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


def _part(lists: Lists, shown: np.ndarray, impressions: np.ndarray) -> Lists:
    signals = {name: values[shown] for name, values in lists.signals.items()}
    return Lists(signals, lists.clicked[shown], lists.lengths[impressions])
