import numpy as np
import pytest

from broadsheet.rerank.exploration.chances import epsilon_greedy, softmax, thompson

ALL = np.ones((1, 4), np.bool_)


def test_epsilon_greedy_gives_the_best_left_what_the_draw_does_not_take():
    left = np.array([[True, True, True, True], [False, True, False, True]])
    assert epsilon_greedy(0.2)(left) == pytest.approx(np.array([[0.85, 0.05, 0.05, 0.05], [0, 0.9, 0, 0.1]]))


def test_softmax_weighs_by_the_exponential_of_the_score_even_if_all_weights_left_are_tiny():
    left = np.array([[True, True, True, True], [False, False, True, True]])
    found = softmax(np.array([1000.0, 999.0, 1.0, 0.0]), 1.0)(left)
    assert found[1] == pytest.approx([0, 0, np.e / (1 + np.e), 1 / (1 + np.e)])
    assert found[0, :2] == pytest.approx([np.e / (1 + np.e), 1 / (1 + np.e)])


def test_thompson_sampling_takes_the_highest_of_the_drawn_click_rates():
    clicks, misses = np.array([30.0, 2.0, 1.0, 5.0]), np.array([270.0, 9.0, 19.0, 60.0])
    rates = np.random.default_rng(3).beta(clicks, misses, size=(400_000, 4))
    often = np.bincount(rates.argmax(axis=1), minlength=4) / 400_000
    found = thompson(clicks, misses, np.ones(4, np.bool_))(ALL)[0]
    assert found == pytest.approx(often, abs=0.003) and found.sum() == pytest.approx(1)


def test_equal_posteriors_are_equally_probable_and_two_have_the_known_probability():
    same = thompson(np.full(4, 3.0), np.full(4, 40.0), np.ones(4, np.bool_))
    assert same(ALL)[0] == pytest.approx([0.25] * 4)
    # Of Beta(2, 1) and Beta(1, 1) the first is the larger with probability 2 / 3.
    two = thompson(np.array([1.0, 2.0]), np.array([1.0, 1.0]), np.ones(2, np.bool_))
    assert two(np.ones((1, 2), np.bool_))[0] == pytest.approx([1 / 3, 2 / 3], abs=0.001)


def test_only_the_best_left_and_the_young_draw_a_click_rate():
    clicks, young = np.array([1.0, 1.0, 99.0, 1.0]), np.array([False, False, False, True])
    found = thompson(clicks, np.full(4, 9.0), young)(np.array([[True] * 4, [False, True, True, True]]))
    assert found == pytest.approx(np.array([[0.5, 0, 0, 0.5], [0, 0.5, 0, 0.5]]))


def test_a_young_article_with_a_bad_record_is_explored_less_and_less():
    misses = [9.0, 99.0, 999.0]
    chances = [
        thompson(np.array([20.0, 1.0]), np.array([180.0, miss]), np.ones(2, np.bool_))(np.ones((1, 2), np.bool_))[0, 1]
        for miss in misses
    ]
    assert chances[0] > 0.3 and chances[1] < 0.01 and chances[2] < 1e-9
