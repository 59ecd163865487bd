"""Exact search as a matrix product, against FAISS's own."""

import faiss
import numpy as np
import pytest

from broadsheet.index_build import flat
from broadsheet.index_build.flat import MANY, flat_vectors, search_flat
from broadsheet.index_build.search import SearchIndex


def unit_vectors(count, dim=24, seed=0):
    vectors = np.random.default_rng(seed).standard_normal((count, dim), dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def index_of(vectors):
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    return index


@pytest.mark.parametrize("k", [1, 10, 299, 300])
def test_many_queries_find_what_faiss_finds(k):
    index, queries = index_of(unit_vectors(300)), unit_vectors(3 * MANY, seed=1)
    scores, rows = SearchIndex(index)(queries, k)
    expected, expected_rows = index.search(queries, k)
    assert np.array_equal(rows, expected_rows) and np.allclose(scores, expected, atol=1e-6)
    assert scores.dtype == np.float32 and rows.dtype == np.int64


def test_a_query_alone_finds_what_it_finds_among_many():
    search, queries = SearchIndex(index_of(unit_vectors(300))), unit_vectors(3 * MANY, seed=1)
    together = search(queries, 20)[1]
    assert all(np.array_equal(search(queries[row : row + 1], 20)[1][0], together[row]) for row in range(len(queries)))


def test_of_equal_vectors_the_lower_row_comes_first_and_blocks_change_nothing(monkeypatch):
    vectors = np.repeat(unit_vectors(50), 2, axis=0)
    queries = unit_vectors(40, seed=1)
    whole = search_flat(vectors, queries, 6)
    assert (whole[1][:, ::2] + 1 == whole[1][:, 1::2]).all(), "each vector stands beside its copy"
    monkeypatch.setattr(flat, "_SCORES", 7 * len(vectors))
    blocks = search_flat(vectors, queries, 6)
    assert np.array_equal(whole[1], blocks[1]) and np.allclose(whole[0], blocks[0], atol=1e-6)


def test_other_kinds_and_a_reader_without_a_vector_are_searched_as_before(monkeypatch):
    assert flat_vectors(faiss.IndexFlatL2(8)) is None and flat_vectors(faiss.IndexFlatIP(8)) is None, "nothing in it"
    graph = faiss.IndexHNSWFlat(8, 4, faiss.METRIC_INNER_PRODUCT)
    assert flat_vectors(graph) is None
    scores, rows = SearchIndex(index_of(unit_vectors(30)))(np.zeros((MANY, 24), np.float32), 3)
    assert not scores.any() and all(len(set(found)) == 3 for found in rows.tolist())
    monkeypatch.setattr(flat, "_SCORES", MANY * 30 - 1)
    assert flat_vectors(index_of(unit_vectors(30))) is None, "too large for many queries to share a product"
