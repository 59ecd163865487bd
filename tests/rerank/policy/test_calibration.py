from math import log

import numpy as np
import pytest

from broadsheet.metrics.diversity import miscalibration
from broadsheet.rerank.policy.calibration import Miscalibration
from broadsheet.rerank.policy.selection import select
from tests.rerank.policy.one_list import numbers


def divergence(read, shown):
    """The metric of a list, to which an unknown category is one never read."""
    known = sorted({*read} - {"."})
    labels = {letter: number for number, letter in enumerate([*known, *sorted({*shown} - {*known})])}
    histories = [[labels[letter] for letter in read if letter in known]]
    return miscalibration(np.array([[labels[letter] for letter in shown]]), np.array(histories))[0]


def calibrated(scores, categories, read, weight):
    penalty = Miscalibration(numbers(read), numbers(categories))
    order = select(np.array([scores], np.float64), [(weight, penalty)], [])[0].tolist()
    return "".join(categories[item] for item in order), order


def test_the_first_item_costs_the_divergence_of_steck_with_a_hundredth_of_the_history_mixed_in():
    # p = (3/4, 1/4), q = (1, 0), mixed 0.99 * q + 0.01 * p = (0.9975, 0.0025).
    expected = 0.75 * log(0.75 / 0.9975) + 0.25 * log(0.25 / 0.0025)
    costs = Miscalibration(numbers("aaab"), numbers("ac")).costs()
    assert costs[0].tolist() == pytest.approx([expected, log(100)]), "c shares nothing with what is read"


def test_the_cost_of_an_item_is_the_metric_of_the_list_with_it():
    penalty = Miscalibration(numbers("aabc."), numbers("abc.d"))
    for taken, shown in ((0, ""), (1, "a"), (3, "ab")):
        assert penalty.costs()[0].tolist() == pytest.approx([divergence("aabc.", shown + item) for item in "abc.d"])
        penalty.take(np.array([taken]))


def test_weight_1_gives_each_category_its_share_and_weight_0_none():
    scores, categories = [9, 8, 7, 6, 5, 4], "aaaabb"
    # Two of three of the history are b, so b, then b or a alike to 2/3, then the other.
    shown, _ = calibrated(scores, categories, "bba", 1.0)
    assert shown[0] == "b" and sorted(shown[:3]) == ["a", "b", "b"]
    assert calibrated(scores, categories, "bba", 0.0)[1] == [0, 1, 2, 3, 4, 5]


def test_within_a_category_the_scores_decide():
    _, order = calibrated([1, 5, 3, 2, 4], "babab", "ab", 0.9)
    assert [item for item in order if item in (0, 2, 4)] == [4, 2, 0]


def test_a_history_without_a_known_category_changes_nothing():
    assert calibrated([1, 2, 3], "abc", "...", 0.9)[1] == [2, 1, 0]


def test_an_unknown_category_counts_as_one_never_read():
    (costs,) = Miscalibration(numbers("ab"), numbers(".za")).costs()
    assert costs[0] == costs[1] > costs[2]


def test_all_of_one_category_keeps_the_order_of_the_scores():
    assert calibrated([1, 3, 2], "aaa", "ab", 0.5)[1] == [1, 2, 0]


def test_histories_of_several_lengths_cost_as_each_alone():
    both = np.array([[*map(ord, "aab")], [ord("b"), -1, -1]])
    costs = Miscalibration(both, np.concatenate([numbers("abz"), numbers("b.a")])).costs()
    alone = Miscalibration(numbers("aab"), numbers("abz")).costs(), Miscalibration(numbers("b"), numbers("b.a")).costs()
    assert costs.tolist() == np.concatenate(alone).tolist()
