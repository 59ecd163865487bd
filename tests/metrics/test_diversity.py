import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics.pairwise import cosine_distances

from broadsheet.errors import ContractError
from broadsheet.metrics.diversity import (
    category_coverage,
    intra_list_distance,
    miscalibration,
    serendipity,
)
from broadsheet.metrics.labels import labels_of, number_labels

ARTICLES = 9
rows = st.lists(st.lists(st.integers(0, ARTICLES - 1), max_size=6), min_size=1, max_size=5)

# East, north, west, and halfway between east and north.
COMPASS = np.array([[1, 0], [0, 1], [-1, 0], [0.5**0.5, 0.5**0.5]])


def matrix(lists):
    width = max(map(len, lists), default=0)
    return np.array([[*ranked, *[-1] * (width - len(ranked))] for ranked in lists], np.int64).reshape(len(lists), width)


def unit_vectors():
    vectors = np.random.default_rng(0).normal(size=(ARTICLES, 5))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_intra_list_distance_computed_by_hand():
    found = intra_list_distance(matrix([[0, 1], [0, 2], [0, 1, 2], [0, 0], [3], []]), COMPASS)
    np.testing.assert_allclose(found, [1, 2, (1 + 2 + 1) / 3, 0, np.nan, np.nan], atol=1e-12)


def test_serendipity_computed_by_hand():
    lists, histories = matrix([[0, 1], [2], [0], []]), matrix([[0], [0, 3], [], [0]])
    found = serendipity(lists, histories, COMPASS)
    np.testing.assert_allclose(found, [1 / 2, (2 + 1 + 0.5**0.5) / 2, np.nan, np.nan])
    with pytest.raises(ContractError, match="4 lists for 1 histories"):
        serendipity(lists, histories[:1], COMPASS)


@given(rows, rows, st.sampled_from([np.float32, np.float64]))
def test_distances_are_means_over_all_pairs(lists, histories, kind):
    vectors = unit_vectors().astype(kind)
    count = min(len(lists), len(histories))
    lists, histories = lists[:count], histories[:count]
    within, apart = intra_list_distance(matrix(lists), vectors), serendipity(matrix(lists), matrix(histories), vectors)
    for row, (ranked, read) in enumerate(zip(lists, histories, strict=True)):
        distances = cosine_distances(vectors[ranked]) if ranked else np.zeros((0, 0))
        pairs = len(ranked) * (len(ranked) - 1)
        assert within[row] == pytest.approx(distances.sum() / pairs if pairs else np.nan, abs=1e-6, nan_ok=True)
        expected = cosine_distances(vectors[ranked], vectors[read]).mean() if ranked and read else np.nan
        assert apart[row] == pytest.approx(expected, abs=1e-6, nan_ok=True)


def test_lists_beyond_one_block_of_memory_keep_their_order():
    ranked = np.random.default_rng(1).integers(-1, ARTICLES, (200_000, 6))
    found = intra_list_distance(ranked, unit_vectors())
    for row in (0, 139_810, 199_999):
        np.testing.assert_allclose(found[row], intra_list_distance(ranked[row : row + 1], unit_vectors())[0])


def test_category_coverage_computed_by_hand():
    labels = matrix([[0, 0, 1, 2], [3, 3], [0, 1], [-1, 0], []])
    np.testing.assert_allclose(category_coverage(labels, 4), [3 / 4, 1 / 4, 1 / 2, 1 / 4, np.nan])


@given(rows)
def test_category_coverage_is_the_share_of_the_categories_that_a_list_has(lists):
    covered = category_coverage(matrix(lists), ARTICLES)
    for row, labels in enumerate(lists):
        assert covered[row] == pytest.approx(len(set(labels)) / ARTICLES if labels else np.nan, nan_ok=True)


def test_miscalibration_computed_by_hand():
    # Read 70 % romance (0) and 30 % action (1), as in Steck's example; listed are as read, romance alone, neither.
    read = [0] * 7 + [1] * 3
    found = miscalibration(matrix([read, [0, 0], [2], [], [0]]), matrix([read, read, read, read, []]))
    alone = 0.7 * np.log(0.7 / (0.99 + 0.01 * 0.7)) + 0.3 * np.log(0.3 / (0.01 * 0.3))
    np.testing.assert_allclose(found, [0, alone, np.log(100), np.nan, np.nan], atol=1e-12)


@given(rows, rows)
def test_miscalibration_is_0_for_equal_shares_and_at_most_log_100(lists, histories):
    count = min(len(lists), len(histories))
    lists, histories = matrix(lists[:count]), matrix(histories[:count])
    found = miscalibration(lists, histories)
    empty = (lists < 0).all(axis=1) | (histories < 0).all(axis=1)
    np.testing.assert_array_equal(np.isnan(found), empty)
    assert (found[~empty] >= -1e-12).all() and (found[~empty] <= np.log(100) + 1e-12).all()
    twice = miscalibration(np.concatenate([histories, histories], axis=1), histories)
    np.testing.assert_allclose(twice[(histories >= 0).any(axis=1)], 0, atol=1e-12)


def test_an_unknown_category_is_left_out():
    numbers = number_labels(["sports", "", "news"])
    known, mixed = labels_of(matrix([[0, 2]]), numbers), labels_of(matrix([[0, 1, 2, 1]]), numbers)
    assert category_coverage(mixed, 2) == category_coverage(known, 2) == [1.0]
    assert miscalibration(mixed, known) == pytest.approx([0.0])
