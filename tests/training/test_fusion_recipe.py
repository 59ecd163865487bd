import numpy as np

from broadsheet.evaluation.live_ranking.learned import learn_trees
from broadsheet.rerank.learned_fusion import FusionRecipe, Lists
from broadsheet.training import fusion_recipe
from broadsheet.training.fusion_recipe import RECIPES, choose_recipe, recipe_for


def lists_of(signals, clicked, length):
    count = len(clicked) // length
    values = {name: np.asarray(value, np.float64) for name, value in signals.items()}
    return Lists(values, np.asarray(clicked, np.bool_), np.full(count, length, np.int64))


def middle_is_clicked(count=60):
    """Lists of ten articles of which the one in the middle of a signal is clicked."""
    rng = np.random.default_rng(0)
    signal = np.concatenate([rng.permutation(10) for _ in range(count)])
    return lists_of({"freshness": signal + rng.normal(0, 0.01, len(signal))}, signal == 5, 10)


def test_trees_that_may_fall_are_chosen_where_a_middle_value_is_the_best():
    lists = middle_is_clicked()
    readers = [str(number % 20) for number in range(len(lists.lengths))]
    recipe = choose_recipe(lists, ["freshness"], readers)
    assert recipe in RECIPES and not recipe.monotone
    (trees,) = learn_trees(lists, recipe, [0])
    scores = trees(lists.signals).reshape(-1, 10)
    assert (scores.argmax(1) == lists.clicked.reshape(-1, 10).argmax(1)).mean() > 0.9


def test_larger_trees_are_tried_from_many_impressions_of_several_readers_alone(monkeypatch):
    lists = middle_is_clicked()
    readers = [str(number % 20) for number in range(len(lists.lengths))]
    assert recipe_for(lists, ["freshness"], readers) == FusionRecipe(), "60 impressions are too few"
    monkeypatch.setattr(fusion_recipe, "ENOUGH", len(readers))
    assert not recipe_for(lists, ["freshness"], readers).monotone
    assert recipe_for(lists, ["freshness"], ["ann", "bob", "eve", "kim"] * 15) == FusionRecipe(), (
        "four readers make no five folds"
    )
