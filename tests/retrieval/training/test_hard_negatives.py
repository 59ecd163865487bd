import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.retrieval.training.hard_negatives import DEPTH, MARGIN, mine
from tests.support.stage_contract import unit

E = np.eye(3, dtype=np.float32)


def search_in(vectors):
    """Exact search, as an index does it: rows after the last are -1."""

    def search(users, depth):
        scores = users @ vectors.T
        order = np.argsort(-scores, axis=1, kind="stable")[:, :depth]
        short = ((0, 0), (0, depth - order.shape[1]))
        found = np.take_along_axis(scores, order, 1)
        return np.pad(found, short, constant_values=-np.inf), np.pad(order, short, constant_values=-1)

    return search


def rng(seed=0):
    return np.random.default_rng(seed)


def test_what_is_as_near_to_the_reader_as_the_click_is_never_mined():
    near = [0.9, 0.8, 0.8 - MARGIN / 2, 0.7, 0.1]  # cosines with the reader; row 1 is the click
    vectors = np.array([[cosine, np.sqrt(1 - cosine**2), 0] for cosine in near], np.float32)
    (mined,) = mine(E[:1], vectors[1:2], [[1]], search_in(vectors), count=5, rng=rng())
    assert mined == [3, 4], "0.9 and what lies within the margin of 0.8 may be clicks not made"


def test_what_the_reader_knows_is_never_mined():
    vectors = unit([[1, 0, 0], [0.5, 1, 0], [0.4, 1, 0], [0.3, 1, 0]])
    (mined,) = mine(E[:1], vectors[:1], [[0, 2]], search_in(vectors), count=5, rng=rng())
    assert mined == [1, 3]


def test_the_nearest_are_drawn_from_up_to_the_depth():
    vectors = np.concatenate([E[:1], np.tile(unit([[0.5, 1, 0]]), (DEPTH, 1)), np.tile(E[1:2], (50, 1))])
    (mined,) = mine(E[:1], E[:1], [[0]], search_in(vectors), count=500, rng=rng())
    assert sorted(mined) == list(range(1, DEPTH)), "the click itself is the nearest of them"


def test_without_any_the_list_is_empty():
    assert mine(E[:1], E[1:2], [[1]], search_in(E), count=3, rng=rng()) == [[]], "all are nearer than the click"
    none = np.zeros((0, 3), np.float32)
    assert mine(none, none, [], search_in(E), count=3, rng=rng()) == []


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.integers(0, 6))
def test_count_margin_and_order_hold_for_any_articles_and_the_seed_decides(seed, count):
    draw = rng(seed)
    vectors, users = unit(draw.normal(size=(30, 3))), unit(draw.normal(size=(4, 3)))
    clicked = draw.integers(0, 30, 4)
    known = [[row, *draw.integers(0, 30, 3).tolist()] for row in clicked.tolist()]
    mined = mine(users, vectors[clicked], known, search_in(vectors), count=count, rng=rng(seed))
    assert mined == mine(users, vectors[clicked], known, search_in(vectors), count=count, rng=rng(seed))
    for user, click, own, rows in zip(users, vectors[clicked], known, mined, strict=True):
        scores = (vectors[rows] @ user).tolist()
        assert len(rows) <= count and len(set(rows)) == len(rows) and not set(rows) & set(own)
        assert scores == sorted(scores, reverse=True), "in the order of the index"
        assert all(score <= user @ click - MARGIN + 1e-6 for score in scores)


def test_another_seed_mines_others():
    vectors = np.concatenate([E[:1], unit(rng().normal(size=(40, 3)) * [0.2, 1, 1])])
    found = {tuple(mine(E[:1], E[:1], [[0]], search_in(vectors), count=2, rng=rng(seed))[0]) for seed in range(9)}
    assert len(found) > 3
