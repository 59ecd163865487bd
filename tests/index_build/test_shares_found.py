import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.index_build import measure, search_exactly, shares_found
from broadsheet.tables.vectors import MappedVectors, as_vectors, vectors_to_arrow
from tests.index_build.rooms import exact

VECTORS = as_vectors(np.eye(4, dtype=np.float32))
QUERY = np.array([[0.8, 0.6, 0.0, 0.0]], np.float32)


def share(k, *rows):
    """The share for one query, in a list of as many rows as there are true neighbours."""
    near = search_exactly(VECTORS, QUERY, k)
    (found,) = shares_found(np.array([[*rows, *[-1] * near.k][: near.k]]), near, VECTORS)
    return found


def test_found_is_the_share_of_the_exactly_nearest():
    assert (share(2, 0, 1), share(2, 1, 2), share(2, 2, 3), share(2)) == (1, 0.5, 0, 0)


def test_of_rows_as_near_as_each_other_any_counts_and_none_twice():
    assert share(3, 0, 1, 3) == 1
    assert share(2, 0, 0) == 0.5


def test_where_there_are_fewer_rows_than_k_all_of_them_are_wanted():
    assert share(100, 0, 1, 2, 3) == 1
    assert share(100, 0, 1, 2) == 0.75


def test_inner_products_that_differ_by_rounding_are_equal():
    vectors = as_vectors(np.array([[1, 0], [1, 5e-7], [1, 1e-2]], np.float32))
    near = search_exactly(vectors, np.ones((1, 2), np.float32), 2)
    assert shares_found(np.array([[2, 0]]), near, vectors) == 1
    assert shares_found(np.array([[1]]), near.at(1), vectors) == 0


def test_the_first_of_a_longer_list_are_those_of_a_shorter_one():
    near = search_exactly(VECTORS, QUERY, 4)
    rows = np.array([[0, 2, 1, 3]])
    assert [shares_found(rows, near.at(k), VECTORS)[0] for k in (1, 2, 3, 9)] == [1, 0.5, 1, 1]


@given(st.integers(1, 60), st.integers(1, 20), st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_exact_search_finds_all_in_whatever_batches_the_vectors_lie(count, k, queries, seed):
    rng = np.random.default_rng(seed)
    vectors, asked = rng.standard_normal((count, 3), np.float32), rng.standard_normal((queries, 3), np.float32)
    halves = [vectors_to_arrow(vectors[: count // 2]), vectors_to_arrow(vectors[count // 2 :])]
    mapped = MappedVectors(pa.table({"vector": pa.chunked_array(halves)}))
    scores, rows = exact(vectors, asked, k)
    near = search_exactly(mapped, asked, k)
    assert near.nearest == pytest.approx(scores, abs=1e-5)
    assert (shares_found(rows, near, mapped) == 1).all()


def test_more_queries_than_are_compared_at_once_have_the_same_shares(monkeypatch):
    rng = np.random.default_rng(0)
    vectors, queries = as_vectors(rng.standard_normal((50, 3), np.float32)), rng.standard_normal((9, 3), np.float32)
    near, rows = search_exactly(vectors, queries, 5), rng.integers(-1, 50, (9, 5))
    shares = shares_found(rows, near, vectors)
    monkeypatch.setattr(measure, "TAKEN", 12)
    assert shares_found(rows, near, vectors).tolist() == shares.tolist() and len(set(shares)) > 1


def test_vectors_are_read_only_of_rows_that_are_not_the_neighbours_themselves(monkeypatch):
    read = []
    vectors, near = as_vectors(VECTORS.take(np.arange(4))), search_exactly(VECTORS, QUERY, 3)
    monkeypatch.setattr(vectors, "take", lambda rows: read.extend(rows.tolist()) or VECTORS.take(rows))
    assert shares_found(np.array([[0, 2, 3]]), near, vectors) == 1
    assert read == [row for row in (2, 3) if row not in near.rows]
