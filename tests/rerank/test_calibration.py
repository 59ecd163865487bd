from math import log

import numpy as np
import pytest

from broadsheet.rerank.calibration import Miscalibration, miscalibration
from broadsheet.rerank.selection import select


def names(text):
    """One-letter categories; a dot is an unknown one."""
    return np.array([letter.replace(".", "") for letter in text], object)


def calibrated(scores, categories, read, weight):
    items = names(categories)
    order = select(np.array(scores, np.float64), [(weight, Miscalibration(names(read), items))], [])
    return "".join(items[order]), order.tolist()


def test_a_list_with_the_shares_of_the_history_costs_nothing():
    assert miscalibration(names("aab"), names("baa")) == pytest.approx(0)


def test_the_divergence_is_that_of_steck_with_a_hundredth_of_the_history_mixed_in():
    # p = (3/4, 1/4), q = (1/2, 1/2), mixed 0.99 * q + 0.01 * p = (0.5025, 0.4975).
    expected = 0.75 * log(0.75 / 0.5025) + 0.25 * log(0.25 / 0.4975)
    assert miscalibration(names("aaab"), names("ab")) == pytest.approx(expected)
    assert miscalibration(names("a"), names("bc.")) == pytest.approx(log(100))  # nothing of what is read


def test_the_cost_of_an_item_is_the_divergence_of_the_list_with_it():
    read, items = names("aabc."), names("abc.d")
    penalty = Miscalibration(read, items)
    for taken in (0, 1, 3):
        shown = [] if taken == 0 else [0, 1] if taken == 3 else [0]
        expected = [miscalibration(read, items[[*shown, item]]) for item in range(5)]
        assert penalty.costs().tolist() == pytest.approx(expected)
        penalty.take(taken)


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
    assert np.isnan(miscalibration(names("."), names("a"))) and np.isnan(miscalibration(names("a"), names("")))


def test_an_unknown_category_counts_as_one_never_read():
    costs = Miscalibration(names("ab"), names(".za")).costs()
    assert costs[0] == costs[1] > costs[2]
    assert miscalibration(names("a"), names("a.")) == miscalibration(names("a"), names("az")) > 0


def test_all_of_one_category_keeps_the_order_of_the_scores():
    assert calibrated([1, 3, 2], "aaa", "ab", 0.5)[1] == [1, 2, 0]
