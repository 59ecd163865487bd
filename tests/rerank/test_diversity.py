import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.rerank.diversity import maximal_marginal_relevance
from tests.stage_contract import unit

SAME, OTHER = [1.0, 0.0], [0.0, 1.0]


def test_diversity_0_keeps_the_order_of_the_scores():
    vectors = unit([SAME, SAME, OTHER, [1, 1]])
    order, distance = maximal_marginal_relevance(np.array([0.2, 0.9, 0.5, 0.7]), vectors, 0.0)
    assert order.tolist() == [1, 3, 2, 0]
    assert distance.tolist() == pytest.approx([1, 1 - 0.70710678, 1 - 0.70710678, 0])


def test_a_near_copy_falls_behind_something_else():
    # Scaled to 1, 0.9, 0: after the first, the copy is worth 0.5 * 0.9 - 0.5 * 1 = -0.05 and the other 0.
    order, distance = maximal_marginal_relevance(np.array([10.0, 9.0, 0.0]), unit([SAME, SAME, OTHER]), 0.5)
    assert order.tolist() == [0, 2, 1] and distance.tolist() == [1, 1, 0]
    # At 0.4 it is worth 0.54 - 0.4 = 0.14.
    order, distance = maximal_marginal_relevance(np.array([10.0, 9.0, 0.0]), unit([SAME, SAME, OTHER]), 0.4)
    assert order.tolist() == [0, 1, 2] and distance.tolist() == [1, 0, 1]


def test_what_is_like_any_item_above_is_held_back_by_the_nearest():
    vectors = unit([SAME, OTHER, [1, 1], [-1, 0]])
    order, distance = maximal_marginal_relevance(np.array([3.0, 2.0, 1.0, 0.0]), vectors, 1.0)
    assert order.tolist() == [0, 3, 1, 2] and distance.tolist() == pytest.approx([1, 2, 1, 1 - 0.70710678])


def test_ties_go_to_the_earlier_item():
    assert maximal_marginal_relevance(np.ones(3), unit([SAME] * 3), 0.3)[0].tolist() == [0, 1, 2]


def test_no_items_have_no_order():
    order, distance = maximal_marginal_relevance(np.zeros(0), np.zeros((0, 2), np.float32), 0.3)
    assert order.tolist() == [] and distance.tolist() == []


@given(st.integers(1, 12), st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_the_order_is_a_permutation_led_by_the_best_and_distances_are_from_0_to_2(count, diversity, seed):
    rng = np.random.default_rng(seed)
    scores, vectors = rng.normal(size=count), unit(rng.normal(size=(count, 3)))
    order, distance = maximal_marginal_relevance(scores, vectors, diversity)
    assert sorted(order) == list(range(count))
    assert distance[0] == 1 and distance.min() >= 0 and distance.max() <= 2 + 1e-6
    if diversity < 1:
        assert order[0] == scores.argmax()
    for place in range(1, count):
        nearest = (vectors[order[:place]] @ vectors[order[place]]).max()
        assert distance[place] == pytest.approx(max(0, 1 - nearest), abs=1e-5)
