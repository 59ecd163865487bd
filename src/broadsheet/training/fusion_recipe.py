"""The recipe of the learned fusion's trees, chosen by readers who are held out in turn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from broadsheet.errors import CorpusError
from broadsheet.rerank.learned_fusion import FusionRecipe, Lists, fit_fusion
from broadsheet.tables.arrays import Flags, Integers
from broadsheet.training.ranking import mean_metrics

FOLDS = 5
"""Parts of the readers that are held out in turn."""
RECIPES = (
    FusionRecipe(),
    FusionRecipe(trees=300, monotone=False),
    FusionRecipe(trees=150, leaves=15, least_in_leaf=100, monotone=False),
)
"""The package's own recipe, and larger trees in which a higher signal may lower the score."""
ENOUGH = 2000
"""Impressions from which larger trees are tried: from fewer they recognise single articles by their signals."""


def recipe_for(lists: Lists, names: Sequence[str], readers: Sequence[str]) -> FusionRecipe:
    """Return the recipe that `choose_recipe` finds; from fewer than ENOUGH impressions, or FOLDS readers, the first."""
    if len(lists.lengths) < ENOUGH or len(set(readers)) < FOLDS:
        return RECIPES[0]
    return choose_recipe(lists, names, readers)


def choose_recipe(lists: Lists, names: Sequence[str], readers: Sequence[str]) -> FusionRecipe:
    """Return the recipe with the best mean AUC on readers who were held out in turn.

    The trees read the signals `names`; `readers` are those of the impressions (impressions,). Raises CorpusError
    if there is only one.
    """
    folds = folds_of(readers)

    def held_out(recipe: FusionRecipe) -> float:
        scores = np.zeros(len(lists.clicked))
        for fold in range(FOLDS):
            others, ours = np.repeat(folds != fold, lists.lengths), np.repeat(folds == fold, lists.lengths)
            if ours.any():
                fusion = fit_fusion(_part(lists, others, folds != fold), names, recipe)
                scores[ours] = fusion({name: lists.signals[name][ours] for name in names})
        return mean_metrics(scores, lists.clicked, lists.lengths)["auc"]

    return max(RECIPES, key=held_out)


def folds_of(readers: Sequence[str]) -> Integers:
    """Return the fold of each impression (impressions,), 0 to FOLDS - 1: all of a reader in one, of nearly one size."""
    names, numbers = np.unique(np.asarray(readers), return_inverse=True)
    if len(names) < 2:
        raise CorpusError(
            f"fusion: found impressions of {len(names)} reader in the split to learn from; readers are held out, "
            "which needs 2 or more. Name a split with more readers."
        )
    return np.asarray((np.random.default_rng(0).permutation(len(names)) % FOLDS)[numbers])


def _part(lists: Lists, shown: Flags, impressions: Flags) -> Lists:
    signals = {name: values[shown] for name, values in lists.signals.items()}
    return Lists(signals, lists.clicked[shown], lists.lengths[impressions])
