import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon

from broadsheet.errors import ContractError
from broadsheet.metrics.labels import age_labels, labels_of, number_labels, shares_of
from broadsheet.metrics.radio import ABSENT, Spread, calibration, fragmentation, from_pool, radio

rows = st.lists(st.lists(st.integers(0, 5), max_size=6), min_size=1, max_size=5)


def rng():
    return np.random.default_rng(0)


def matrix(lists):
    width = max(map(len, lists), default=0)
    return np.array([[*labels, *[-1] * (width - len(labels))] for labels in lists], np.int64).reshape(len(lists), width)


def shares(labels, ranked):
    weights = [1 / (place + 1) if ranked else 1 for place in range(len(labels))]
    return np.bincount(labels, weights, 6) / sum(weights)


def slow(labels, other, other_ranked):
    """The divergence of one list from another; scipy gives its square root."""
    if not labels or not other:
        return np.nan
    return jensenshannon(shares(labels, True), shares(other, other_ranked), base=2) ** 2


def test_a_divergence_computed_by_hand():
    # List 0, 1: by rank 2/3 and 1/3. Pool 0, 1: 1/2 each. Their middle is 7/12 and 5/12.
    found = from_pool(matrix([[0, 1]]), matrix([[0, 1]]))
    own = 2 / 3 * np.log2(2 / 3 / (7 / 12)) + 1 / 3 * np.log2(1 / 3 / (5 / 12))
    pool = 1 / 2 * np.log2(1 / 2 / (7 / 12)) + 1 / 2 * np.log2(1 / 2 / (5 / 12))
    assert found == pytest.approx([(own + pool) / 2])
    assert calibration(matrix([[0, 1]]), matrix([[0, 1]])) == pytest.approx([0])


def test_nothing_in_common_is_1_and_an_empty_side_is_nan():
    lists, others = matrix([[0, 1], [0], [], [2, 2]]), matrix([[2], [], [1], [2]])
    for found in (calibration(lists, others), from_pool(lists, others)):
        np.testing.assert_allclose(found, [1, np.nan, np.nan, 0], atol=1e-12)


def test_what_stands_first_counts_most():
    near, far = matrix([[0, 1, 1]]), matrix([[1, 1, 0]])
    history = matrix([[0]])
    assert calibration(near, history) < calibration(far, history)


@given(rows, rows)
def test_divergences_equal_scipy_and_lie_between_0_and_1(lists, others):
    count = min(len(lists), len(others))
    first, second = matrix(lists[:count]), matrix(others[:count])
    by_history, by_pool = calibration(first, second), from_pool(first, second)
    for row in range(count):
        assert by_history[row] == pytest.approx(slow(lists[row], others[row], True), abs=1e-9, nan_ok=True)
        assert by_pool[row] == pytest.approx(slow(lists[row], others[row], False), abs=1e-9, nan_ok=True)
    np.testing.assert_allclose(by_history, calibration(second, first), atol=1e-12)
    both = np.concatenate([by_history, by_pool])
    assert ((both >= -1e-12) & (both <= 1 + 1e-12) | np.isnan(both)).all()


@given(rows, st.permutations(range(6)))
def test_the_numbers_of_the_labels_do_not_count(lists, names):
    labels, pools = matrix(lists), matrix([[0, 1, 2, 3]] * len(lists))
    renamed = np.array([*names, -1])
    np.testing.assert_allclose(from_pool(labels, pools), from_pool(renamed[labels], renamed[pools]), atol=1e-12)


def test_fragmentation_is_0_where_all_read_the_same_and_1_where_all_differ():
    assert fragmentation(matrix([[4, 2], [4, 2], [4, 2]]), rng()) == pytest.approx([0, 0, 0])
    assert fragmentation(matrix([[0, 1], [2, 3], [4, 5]]), rng()) == pytest.approx([1, 1, 1])


def test_fragmentation_is_the_mean_over_other_lists_and_leaves_out_the_empty():
    lists = matrix([[0, 1], [0, 2], [], [3]])
    found = fragmentation(lists, rng(), others=4000)
    alike = slow([0, 1], [0, 2], True)
    np.testing.assert_allclose(found, [(alike + 1) / 2, (alike + 1) / 2, np.nan, 1], atol=0.02)
    assert np.isnan(fragmentation(matrix([[1], []]), rng())).all()
    with pytest.raises(ContractError, match="others: found 0"):
        fragmentation(lists, rng(), others=0)


def test_the_same_seed_gives_the_same_fragmentation():
    lists = np.random.default_rng(1).integers(-1, 50, (40, 5))
    np.testing.assert_array_equal(fragmentation(lists, rng()), fragmentation(lists, rng()))


def test_what_the_corpus_does_not_hold_is_absent_not_zero():
    ranked, history, pool = matrix([[0, 1], [1, 2]]), matrix([[2], [0]]), matrix([[0, 1, 2], [0, 1, 2]])
    kinds = {"category": number_labels(["a", "b", "a"]), "source": number_labels(["", "", ""])}
    spreads = {
        name: Spread(*(labels_of(part, numbers) for part in (ranked, history, pool))) for name, numbers in kinds.items()
    }
    found = radio(spreads, ranked, rng())
    assert list(found) == ["fragmentation", "calibration, category", "from pool, category"]
    assert not set(found) & set(ABSENT) and len(ABSENT) == 3


def test_ages_are_labels_as_of_the_request():
    hour, nan = 3600.0, np.nan
    published = np.array([0.0, 9.5 * hour, 10 * hour, nan])
    found = age_labels(matrix([[0, 1, 2, 3], [0, 1, 2]]), published, np.array([10 * hour, 100 * hour]))
    assert found.tolist() == [[2, 0, 0, -1], [4, 4, 4, -1]]
    assert age_labels(matrix([[1, 0]]), published, np.array([10.5 * hour])).tolist() == [[1, 2]]  # one hour is not less
    assert age_labels(matrix([[0, 2], []]), published, np.array([5 * hour, 5 * hour])).tolist() == [[1, -1], [-1, -1]]


def test_names_are_numbered_and_unknown_ones_are_not():
    assert number_labels(["sports", "", "news", "sports"]).tolist() == [1, -1, 0, 1]
    assert number_labels(np.array(["b", ""], object)).tolist() == [0, -1] and number_labels([]).tolist() == []


def test_shares_sum_to_1_and_lists_of_other_requests_are_refused():
    found = shares_of((matrix([[0, 0, 5], [2]]), np.ones(3)))
    assert found.owners.tolist() == [0, 0, 1] and found.shares[0].tolist() == [2 / 3, 1 / 3, 1]
    with pytest.raises(ContractError, match="lists of 2, 1 requests"):
        calibration(matrix([[0], [1]]), matrix([[0]]))
    assert (
        calibration(matrix([]), matrix([])).tolist() == [] and np.isnan(calibration(matrix([[]]), matrix([[]]))).all()
    )
