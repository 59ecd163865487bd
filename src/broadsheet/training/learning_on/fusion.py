"""The learned fusion of signals learns on: each ensemble gets more trees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from broadsheet.corpus.impressions import Impression
from broadsheet.training.fusion import make_lists
from broadsheet.training.learning_on.page_scores import at_few_moments
from broadsheet.workbench.workbench import Workbench

if TYPE_CHECKING:
    from broadsheet.rerank.learned_fusion import FusionRecipe, LearnedFusion

LEAST = 500
"""Impressions from which a fusion learns on."""
MOST, MOST_READ = 3_000, 500
"""Impressions whose signals are computed at most, the newest; fewer where a cross-encoder reads their articles."""
PART = 6
"""The trees that are added each time are this part of the trees of a whole training: 10 of 60."""
GROWN = 3
"""A fusion with this many times the trees of a whole training begins anew, so that it does not grow for ever."""


def most_ranked(bench: Workbench) -> int:
    """Return of how many impressions the signals are computed at most."""
    return MOST if bench.models.scorer is None else MOST_READ


def learn_fusion(
    bench: Workbench, fusion: LearnedFusion, card: Mapping[str, Any], new: Sequence[Impression]
) -> LearnedFusion:
    """Go on from a fusion with new impressions, with the signals that the models in use give them.

    No model in use may have learned from these impressions: its scores there are better than on news to come.
    """
    from broadsheet.rerank.learned_fusion import fit_fusion, more_trees

    lists, recipe = make_lists(bench, at_few_moments(new)), _recipe(card)
    if fusion.boosters[0].num_trees() >= GROWN * recipe.trees:
        return fit_fusion(lists, fusion.signals, recipe, range(len(fusion.boosters)))
    return more_trees(fusion, lists, replace(recipe, trees=max(1, recipe.trees // PART)))


def _recipe(card: Mapping[str, Any]) -> FusionRecipe:
    from broadsheet.rerank.learned_fusion import FusionRecipe

    known, said = {field.name for field in fields(FusionRecipe)}, card.get("recipe", {})
    return FusionRecipe(**{name: value for name, value in said.items() if name in known})
