import ir_measures
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.errors import ContractError
from broadsheet.metrics.retrieval import coverage, exposure, find_relevant, gini, novelty, self_information

ARTICLES = 12
requests = st.lists(
    st.tuples(st.permutations(range(8)), st.integers(0, 8), st.sets(st.integers(0, ARTICLES - 1))),
    min_size=1,
    max_size=6,
)


def matrix(lists):
    width = max(map(len, lists), default=0)
    return np.array([[*ranked, *[-1] * (width - len(ranked))] for ranked in lists], np.int32).reshape(len(lists), width)


def retrieved(lists, relevant):
    owners = np.repeat(np.arange(len(relevant)), [len(rows) for rows in relevant])
    return find_relevant(matrix(lists), owners, np.array([row for rows in relevant for row in rows], np.int64))


def test_recall_ndcg_and_reciprocal_rank_computed_by_hand():
    found = retrieved([[4, 5, 6], [4, 5], [], [4]], [[6, 9, 4], [7], [4], []])
    np.testing.assert_allclose(found.recall_at(1), [1 / 3, 0, 0, np.nan])
    np.testing.assert_allclose(found.recall_at(10), [2 / 3, 0, 0, np.nan])
    ideal = 1 + 1 / np.log2(3) + 1 / np.log2(4)
    np.testing.assert_allclose(found.ndcg_at(3), [(1 + 1 / 2) / ideal, 0, 0, np.nan])
    np.testing.assert_allclose(found.ndcg_at(1), [1, 0, 0, np.nan])
    np.testing.assert_allclose(retrieved([[1, 2, 3]], [[3, 2]]).reciprocal_rank(), [1 / 2])
    np.testing.assert_allclose(found.reciprocal_rank(), [1, 0, 0, np.nan])


def test_recall_is_not_capped_at_k():
    assert retrieved([[0, 1]], [[0, 1, 2, 3]]).recall_at(2).tolist() == [0.5]


def test_a_part_of_the_relevant_articles_is_measured_against_the_same_lists():
    found = retrieved([[0, 1, 2], [0, 1, 2]], [[0, 2], [1]])
    only = found.only(np.array([False, True, False]))
    np.testing.assert_allclose(only.recall_at(2), [0, np.nan])
    np.testing.assert_allclose(only.reciprocal_rank(), [1 / 3, np.nan])


@given(requests, st.integers(1, 10))
def test_recall_equals_sets(rows, k):
    lists = [list(ranked[:length]) for ranked, length, _ in rows]
    found = retrieved(lists, [sorted(relevant) for _, _, relevant in rows]).recall_at(k)
    for value, ranked, (_, _, relevant) in zip(found, lists, rows, strict=True):
        expected = len(set(ranked[:k]) & relevant) / len(relevant) if relevant else np.nan
        assert value == pytest.approx(expected, nan_ok=True)


@given(requests)
def test_a_longer_list_never_loses_recall_and_all_values_are_shares(rows):
    found = retrieved([list(ranked) for ranked, _, _ in rows], [sorted(relevant) for _, _, relevant in rows])
    recalls = np.stack([found.recall_at(k) for k in range(1, 10)])
    assert not (np.diff(recalls, axis=0) < 0).any()
    gains = np.stack([*recalls, *(found.ndcg_at(k) for k in range(1, 10)), found.reciprocal_rank()])
    assert (np.isnan(gains) == [[not relevant for _, _, relevant in rows]]).all()
    assert np.nanmin(gains, initial=0) >= 0 and np.nanmax(gains, initial=0) <= 1 + 1e-12


def test_the_metrics_agree_with_trec_eval():
    rng = np.random.default_rng(0)
    lists = [rng.permutation(300)[: rng.integers(0, 200)].tolist() for _ in range(100)]
    relevant = [rng.choice(400, rng.integers(1, 30), replace=False).tolist() for _ in range(100)]
    found = retrieved(lists, relevant)
    run = {str(n): {str(row): -float(place) for place, row in enumerate(rows)} for n, rows in enumerate(lists)}
    judged = {str(n): dict.fromkeys(map(str, rows), 1) for n, rows in enumerate(relevant)}
    ours = {ir_measures.RR: found.reciprocal_rank()}
    for k in (1, 10, 50, 1000):
        ours |= {ir_measures.R @ k: found.recall_at(k), ir_measures.nDCG @ k: found.ndcg_at(k)}
    values = list(ir_measures.iter_calc(list(ours), judged, run))
    assert len(values) >= 9 * sum(map(bool, lists))
    for value in values:
        assert ours[value.measure][int(value.query_id)] == pytest.approx(value.value, abs=1e-9), value


def test_coverage_and_gini_computed_by_hand():
    shown = exposure(matrix([[0, 1, 3], [0, 2], [0]]), 2, 4)
    assert shown.tolist() == [3, 1, 1, 0]
    assert coverage(shown) == 3 / 4
    # By rising share 0, 1, 1, 3 of 5, with weights -3, -1, 1, 3: (-1 + 1 + 9) / 5 / 3.
    assert gini(shown) == pytest.approx(9 / 15)
    assert gini(np.array([0, 0, 7])) == 1.0 and gini(np.array([2, 2, 2])) == 0.0
    assert np.isnan([coverage(np.zeros(0, int)), gini(np.zeros(3, int)), gini(np.ones(1, int))]).all()


@given(st.lists(st.integers(0, 20), min_size=2, max_size=30))
def test_gini_is_half_the_relative_mean_difference_and_lies_between_0_and_1(shown):
    shown = np.array(shown)
    if shown.any():
        apart = np.abs(shown[:, None] - shown).sum() / (2 * len(shown) * (len(shown) - 1) * shown.mean())
        assert gini(shown) == pytest.approx(apart)
        assert -1e-12 <= gini(shown) <= 1 + 1e-12


def test_novelty_computed_by_hand():
    information = self_information(np.array([3, 0, 1, 0]))  # of 4 clicks and one more for each article: 4/8, 1/8, ...
    assert information.tolist() == [1, 3, 2, 3]
    np.testing.assert_allclose(novelty(matrix([[0, 1, 2], [1], []]), 2, information), [2, 3, np.nan])


def test_bad_lists_are_refused():
    with pytest.raises(ContractError, match="list names an article twice"):
        retrieved([[1, 2, 1]], [[1]])
    with pytest.raises(ContractError, match="twice as relevant"):
        retrieved([[1, 2]], [[1, 1]])
    with pytest.raises(ContractError, match="k: found 0"):
        retrieved([[1, 2]], [[1]]).recall_at(0)
