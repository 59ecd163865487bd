import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.rerank.policy.diversity import Similarity
from broadsheet.rerank.policy.selection import select
from tests.rerank.policy.one_list import likeness
from tests.support.stage_contract import unit

SAME, OTHER = [1.0, 0.0], [0.0, 1.0]


class Only:
    """A limit that lets some items in."""

    def __init__(self, *items, count):
        self._allowed = np.isin(np.arange(count), items)[None]

    def allowed(self):
        return self._allowed

    def take(self, item):
        pass


def by_likeness(scores, vectors, weight):
    """The order and the distances of maximal marginal relevance."""
    similarity = Similarity(likeness(vectors))
    order = select(np.array([scores], np.float64), [(weight, similarity)], [])
    return order[0].tolist(), similarity.distances[0]


def test_diversity_0_keeps_the_order_of_the_scores():
    order, distances = by_likeness([0.2, 0.9, 0.5, 0.7], [SAME, SAME, OTHER, [1, 1]], 0.0)
    assert order == [1, 3, 2, 0]
    assert distances.tolist() == pytest.approx([1, 1 - 0.70710678, 1 - 0.70710678, 0])


def test_a_near_copy_falls_behind_something_else():
    # Scaled to 1, 0.9, 0: after the first, the copy is worth 0.5 * 0.9 - 0.5 * 1 = -0.05 and the other 0.
    order, distances = by_likeness([10, 9, 0], [SAME, SAME, OTHER], 0.5)
    assert order == [0, 2, 1] and distances.tolist() == [1, 1, 0]
    # At 0.4 it is worth 0.54 - 0.4 = 0.14.
    order, distances = by_likeness([10, 9, 0], [SAME, SAME, OTHER], 0.4)
    assert order == [0, 1, 2] and distances.tolist() == [1, 0, 1]


def test_what_is_like_any_item_above_is_held_back_by_the_nearest():
    order, distances = by_likeness([3, 2, 1, 0], [SAME, OTHER, [1, 1], [-1, 0]], 1.0)
    assert order == [0, 3, 1, 2] and distances.tolist() == pytest.approx([1, 2, 1, 1 - 0.70710678])


def test_ties_go_to_the_earlier_item():
    assert by_likeness([1, 1, 1], [SAME] * 3, 0.3)[0] == [0, 1, 2]


def test_no_items_have_no_order():
    similarity = Similarity(likeness(np.zeros((0, 2))))
    assert select(np.zeros((1, 0)), [(0.3, similarity)], []).tolist() == [[]] and similarity.distances.tolist() == [[]]
    nobody = Similarity(np.zeros((0, 3, 3), np.float32))
    assert select(np.zeros((0, 3)), [(0.3, nobody)], []).shape == nobody.distances.shape == (0, 3)


def test_a_limit_keeps_the_rest_for_later_and_takes_nothing_away():
    assert select(np.array([[3.0, 2.0, 1.0, 0.0]]), [], [Only(1, 3, count=4)]).tolist() == [[1, 3, 0, 2]]


def test_where_two_limits_cannot_both_hold_the_first_one_does():
    limits = [Only(2, 3, count=4), Only(0, 3, count=4)]
    assert select(np.array([[3.0, 2.0, 1.0, 0.0]]), [], limits).tolist() == [[3, 2, 0, 1]]


@given(st.integers(1, 12), st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_the_order_is_a_permutation_led_by_the_best_and_distances_are_from_0_to_2(count, diversity, seed):
    rng = np.random.default_rng(seed)
    scores, vectors = rng.normal(size=count), unit(rng.normal(size=(count, 3)))
    order, distances = by_likeness(scores, vectors, diversity)
    assert sorted(order) == list(range(count))
    assert distances[0] == 1 and distances.min() >= 0 and distances.max() <= 2 + 1e-6
    if diversity < 1:
        assert order[0] == scores.argmax()
    for place in range(1, count):
        nearest = (vectors[order[:place]] @ vectors[order[place]]).max()
        assert distances[place] == pytest.approx(max(0, 1 - nearest), abs=1e-5)


def test_lists_of_several_lengths_are_chosen_side_by_side_as_each_alone():
    vectors = [[SAME, SAME, OTHER], [OTHER, SAME, SAME]]
    scores, there = np.array([[10.0, 9, 0], [5, 7, 99]]), np.array([[1, 1, 1], [1, 1, 0]], np.bool_)
    similarity = Similarity(np.concatenate([likeness(one) for one in vectors]))
    order = select(scores, [(0.5, similarity)], [], there=there)
    assert order.tolist() == [[0, 2, 1], [1, 0, -1]], (
        "the item that is not there is not chosen, nor does it set a scale"
    )
    assert similarity.distances[:, :2].tolist() == [[1, 1], [1, 1]]
