import numpy as np
import pytest

from broadsheet.evaluation.live_ranking.learned import RECIPES, choose_recipe, learn_trees, learn_weights
from broadsheet.rerank.learned_fusion import Lists


def lists_of(signals, clicked, length):
    count = len(clicked) // length
    values = {name: np.asarray(value, np.float64) for name, value in signals.items()}
    return Lists(values, np.asarray(clicked, np.bool_), np.full(count, length, np.int64))


def test_weights_are_those_under_which_the_clicks_are_most_likely():
    # In lists of two articles, one of signal 1 and one of 0, three of four clicks are on the former: log 3.
    lists = lists_of({"popularity": [1, 0] * 4, "trend": [0.5] * 8}, [1, 0, 1, 0, 1, 0, 0, 1], 2)
    assert learn_weights(lists) == {"popularity": pytest.approx(np.log(3), rel=1e-3), "trend": 0.0}


def test_a_signal_that_speaks_against_clicks_has_no_weight():
    lists = lists_of({"trend": [0, 1] * 4}, [1, 0, 1, 0, 1, 0, 0, 1], 2)
    assert learn_weights(lists) == {"trend": 0.0}


def middle_is_clicked(count=120):
    """Lists of ten articles of which the one in the middle of a signal is clicked."""
    rng = np.random.default_rng(0)
    signal = np.concatenate([rng.permutation(10) for _ in range(count)])
    return lists_of({"freshness": signal + rng.normal(0, 0.01, len(signal))}, signal == 5, 10)


def test_trees_that_may_fall_are_chosen_where_a_middle_value_is_the_best():
    lists = middle_is_clicked()
    readers = [str(number % 20) for number in range(len(lists.lengths))]
    recipe = choose_recipe(lists, readers)
    assert recipe in RECIPES and not recipe.monotone
    (trees,) = learn_trees(lists, recipe, [0])
    scores = trees(lists.signals).reshape(-1, 10)
    assert (scores.argmax(1) == lists.clicked.reshape(-1, 10).argmax(1)).mean() > 0.9
