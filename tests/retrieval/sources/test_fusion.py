import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.retrieval import fuse
from broadsheet.retrieval.sources.fusion import joined, propose, with_quotas
from broadsheet.tables.schemas import SOURCES
from tests.retrieval.readers import reader

SCORES = {
    "two_tower": np.array([0.5, -0.2, np.nan]),
    "popularity": np.array([1.0, 0.0, 0.5]),
    "freshness": np.array([np.nan, 1.0, 0.25]),
    "co_click": np.array([np.nan, np.nan, 0.5]),
}


class Proposes:
    """A source that proposes these rows, best first."""

    def __init__(self, *rows):
        self.rows = np.array(rows, np.int64)

    def propose(self, reader, n):
        return self.rows[:n]

    def __call__(self, reader, rows):
        return np.zeros(len(rows))


def test_the_score_is_the_weighted_sum_and_what_is_absent_adds_nothing():
    weights = {"two_tower": 1, "popularity": 0.5, "freshness": 2, "co_click": 4}
    assert fuse(SCORES, weights) == pytest.approx([0.5 + 0.5, -0.2 + 2, 0.25 + 0.5 + 2])


def test_one_weight_alone_is_that_source_alone():
    assert fuse(SCORES, {"popularity": 1}).tolist() == [1, 0, 0.5]
    assert fuse(SCORES, {}).tolist() == [0, 0, 0]


def test_candidates_are_what_any_source_with_a_weight_proposes_each_once():
    sources = {
        "two_tower": Proposes(7, 2),
        "popularity": Proposes(2, 9, 4),
        "freshness": Proposes(1),
        "co_click": Proposes(),
    }

    def rows(weights, n, quotas=None):
        return joined(propose(sources, reader(), weights, n, quotas)).tolist()

    assert rows(dict.fromkeys(SOURCES, 1.0), 2) == [1, 2, 7, 9]
    assert rows({"popularity": 1.0, "two_tower": 0.0}, 5) == [2, 4, 9]
    assert rows({}, 5) == []
    assert rows({"popularity": 1.0}, 5, {"freshness": 0.1}) == [1, 2, 4, 9]


def test_the_newest_have_their_share_of_the_first_places_for_every_number_of_places():
    order, proposals = np.arange(40), {"freshness": np.array([39, 38, 37, 3])}
    found = with_quotas(order, proposals, {"freshness": 0.2}, 20).tolist()
    # Due at places 5, 10 and 15; article 3 stood above its place anyway. All others keep their order.
    assert found == [0, 1, 2, 3, 39, 4, 5, 6, 7, 38, 8, 9, 10, 11, 37, 12, 13, 14, 15, 16]


def test_a_row_of_a_quota_that_stands_high_enough_anyway_moves_nothing():
    order = np.array([4, 2, 0, 1, 3])
    assert with_quotas(order, {"freshness": np.array([2, 0])}, {"freshness": 0.4}, 5).tolist() == [4, 2, 0, 1, 3]
    assert with_quotas(order, {"freshness": np.array([3])}, {}, 3).tolist() == [4, 2, 0]


def test_two_quotas_that_are_due_at_one_place_are_both_kept():
    proposals = {"freshness": np.array([9]), "co_click": np.array([8])}
    assert with_quotas(np.arange(10), proposals, {"freshness": 0.25, "co_click": 0.25}, 4).tolist() == [0, 1, 8, 9]
    whole = {"freshness": 0.5, "co_click": 0.5}
    assert sorted(with_quotas(np.arange(10), proposals, whole, 2).tolist()) == [8, 9]


@given(st.permutations(range(12)), st.permutations(range(12)), st.permutations(range(12)), st.integers(0, 14))
def test_quotas_hold_at_every_place_and_no_row_stands_twice(order, first, second, n):
    proposals = {"freshness": np.array(first), "co_click": np.array(second)}
    quotas = {"freshness": 0.3, "co_click": 0.5}
    found = with_quotas(np.array(order), proposals, quotas, n).tolist()
    assert len(found) == len(set(found)) == min(n, 12)
    for name, rows in (("freshness", first), ("co_click", second)):
        for number in range(1, int(quotas[name] * len(found) + 1e-9) + 1):
            assert rows[number - 1] in found[: math.ceil(number / quotas[name] - 1e-9)]
