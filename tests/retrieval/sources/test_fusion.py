import numpy as np
import pytest

from broadsheet.retrieval import fuse
from broadsheet.retrieval.sources.fusion import propose
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
    assert propose(sources, reader(), dict.fromkeys(SOURCES, 1.0), 2).tolist() == [1, 2, 7, 9]
    assert propose(sources, reader(), {"popularity": 1.0, "two_tower": 0.0}, 5).tolist() == [2, 4, 9]
    assert propose(sources, reader(), {}, 5).tolist() == []
