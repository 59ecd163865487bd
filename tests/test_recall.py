import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.recall import reader_recall, recall_at

VECTORS = np.eye(4, dtype=np.float32)
QUERY = np.array([[0.8, 0.6, 0.0, 0.0]], np.float32)


def finds(*rows):
    """A search that finds these rows for each query."""
    return lambda queries, k: (
        np.zeros((len(queries), k), np.float32),
        np.array([[*rows, *[-1] * k][:k]] * len(queries)),
    )


def test_recall_is_the_share_of_the_exactly_nearest_that_is_found():
    assert recall_at(finds(0, 1), VECTORS, QUERY, 2) == 1
    assert recall_at(finds(1, 2), VECTORS, QUERY, 2) == 0.5
    assert recall_at(finds(2, 3), VECTORS, QUERY, 2) == 0
    assert recall_at(finds(), VECTORS, QUERY, 2) == 0


def test_of_rows_as_near_as_each_other_any_counts_and_none_twice():
    assert recall_at(finds(0, 1, 3), VECTORS, QUERY, 3) == 1
    assert recall_at(finds(0, 0), VECTORS, QUERY, 2) == 0.5


def test_where_there_are_fewer_rows_than_k_all_of_them_are_wanted():
    assert recall_at(finds(0, 1, 2, 3), VECTORS, QUERY, 100) == 1
    assert recall_at(finds(0, 1, 2), VECTORS, QUERY, 100) == 0.75


def test_readers_of_whom_nothing_is_known_are_not_asked():
    assert reader_recall(finds(0), VECTORS, np.zeros((3, 4), np.float32)) is None
    assert reader_recall(finds(0, 1, 2, 3), VECTORS, np.concatenate([np.zeros((1, 4), np.float32), QUERY])) == 1


@given(st.integers(1, 300), st.integers(1, 20), st.integers(0, 2**32 - 1))
def test_exact_search_has_recall_one(count, k, seed):
    rng = np.random.default_rng(seed)
    vectors, queries = rng.standard_normal((count, 3), np.float32), rng.standard_normal((2, 3), np.float32)

    def exact(queries, k):
        scores = queries @ vectors.T
        return np.sort(scores)[:, ::-1][:, :k], np.argsort(-scores, axis=1)[:, :k]

    assert recall_at(exact, vectors, queries, k) == 1
