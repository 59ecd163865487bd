from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import bootstrap

from broadsheet.errors import ContractError
from broadsheet.metrics.intervals import Bootstrap, holm


def rng(seed):
    return np.random.default_rng(seed)


def test_the_interval_holds_the_mean_and_narrows_with_users():
    widths = []
    for size in (100, 10_000):
        values = rng(1).normal(0.6, 0.2, size)
        low, high = Bootstrap(np.arange(size), rng(2)).interval(values)
        assert low < values.mean() < high
        assert high - low == pytest.approx(2 * 1.96 * 0.2 / np.sqrt(size), rel=0.2)
        widths.append(high - low)
    assert widths[1] < widths[0] / 5


def test_repeating_a_users_values_does_not_narrow_the_interval():
    values, users = rng(2).normal(size=50), np.arange(50)
    once = Bootstrap(users, rng(3)).interval(values)
    often = Bootstrap(np.repeat(users, 20), rng(3)).interval(np.repeat(values, 20))
    assert often == pytest.approx(once)


def test_the_interval_covers_the_true_mean_about_as_often_as_it_says():
    random = rng(4)
    covered = 0
    for _ in range(200):
        values = np.repeat(random.normal(size=80), 3) + random.normal(scale=0.3, size=240)
        low, high = Bootstrap(np.repeat(np.arange(80), 3), random, samples=400).interval(values)
        covered += low <= 0 <= high
    assert 178 <= covered <= 199


def test_the_interval_weighs_users_by_their_values_and_leaves_out_nan():
    # One user holds three values, the other one: a resample is (a, a), (a, b) or (b, b), so its mean is 1, 3/4 or 0.
    values = np.array([1.0, 1.0, np.nan, 1.0, 0.0])
    bootstrap = Bootstrap(["a", "a", "a", "a", "b"], rng(5))
    assert set(bootstrap.means(values)) == {1.0, 0.75, 0.0}
    assert bootstrap.interval(values) == (0.0, 1.0)


def test_the_resamples_are_all_draws_of_users_alike():
    # Three users with sums 3, 1, 0 over 2, 1, 1 values: each of the 27 draws of three of them is equally likely.
    sums, counts = np.array([3.0, 1.0, 0.0]), np.array([2, 1, 1])
    draws = np.array(list(product(range(3), repeat=3)))
    expected = sums[draws].sum(axis=1) / counts[draws].sum(axis=1)
    found = Bootstrap(["a", "b", "a", "c"], rng(12), samples=27_000).means(np.array([1.0, 1.0, 2.0, 0.0]))
    values, shares = np.unique(expected.round(9), return_counts=True)
    seen, often = np.unique(found.round(9), return_counts=True)
    np.testing.assert_array_equal(seen, values)
    np.testing.assert_allclose(often / 27_000, shares / 27, atol=0.01)


def test_the_interval_of_users_with_one_value_each_is_that_of_scipy():
    values = rng(13).exponential(size=300)
    expected = bootstrap((values,), np.mean, n_resamples=20_000, method="percentile", rng=rng(14)).confidence_interval
    assert Bootstrap(np.arange(300), rng(15), samples=20_000).interval(values) == pytest.approx(expected, abs=0.005)


def test_a_p_value_computed_by_hand():
    # Of users with differences 1, 1, -1 a resample's mean is 0 or less if two or three of its draws are the last:
    # 3 * 2/3 * (1/3)^2 + (1/3)^3 = 7/27, twice over.
    found = Bootstrap(["a", "b", "c"], rng(16), samples=20_000).difference(np.array([1.0, 1.0, -1.0]), np.zeros(3))
    assert found.mean == pytest.approx(1 / 3) and found.p == pytest.approx(14 / 27, abs=0.02)


def test_a_resample_without_any_value_is_left_out():
    bootstrap = Bootstrap(["a", "b"], rng(6))
    values = np.array([0.5, np.nan])
    assert np.isnan(bootstrap.means(values)).any()
    assert bootstrap.interval(values) == (0.5, 0.5)


def test_the_same_seed_gives_the_same_interval():
    values, users = np.arange(10.0), np.arange(10)
    assert Bootstrap(users, rng(6)).interval(values) == Bootstrap(users, rng(6)).interval(values)


def test_a_paired_difference_is_far_narrower_than_either_mean():
    users, base = rng(7).integers(0, 200, 1000), rng(8).normal(0.6, 0.2, 1000)
    difference = Bootstrap(users, rng(9)).difference(base + 0.01, base)
    assert difference.mean == pytest.approx(0.01)
    assert (difference.low, difference.high) == pytest.approx((0.01, 0.01))
    assert difference.p == pytest.approx(2 / 1001)


def test_the_p_value_is_small_for_a_difference_and_spread_evenly_without_one():
    random, found = rng(10), []
    for _ in range(200):
        noise = random.normal(size=60)
        found.append(Bootstrap(np.arange(60), random, samples=300).difference(noise, np.zeros(60)).p)
    assert np.mean(np.array(found) < 0.05) < 0.12 and 0.35 < np.median(found) < 0.65
    assert Bootstrap(np.arange(60), random).difference(noise + 1, np.zeros(60)).p < 0.01


def test_no_difference_at_all_has_p_1():
    assert Bootstrap(["a", "b"], rng(11)).difference(np.ones(2), np.ones(2)) == (0, 0, 0, 1)


def test_intervals_refuse_nothing_to_measure_and_different_impressions():
    with pytest.raises(ContractError, match="no values"):
        Bootstrap(["a"], rng(8)).interval(np.array([np.nan]))
    with pytest.raises(ContractError, match="2 values for 1 users"):
        Bootstrap(["a"], rng(8)).interval(np.zeros(2))
    with pytest.raises(ContractError, match="different impressions"):
        Bootstrap(["a", "b"], rng(8)).difference(np.array([np.nan, 1.0]), np.array([1.0, 1.0]))


def test_holm_computed_by_hand():
    # In order .01, .02, .03, .04 times 4, 3, 2, 1 is .04, .06, .06, .04, which then may not fall.
    assert holm([0.03, 0.01, 0.04, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    # .005, .01, .03, .04 times 4, 3, 2, 1 is .02, .03, .06, .04: at .05 the first two are rejected.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.7, 0.9]) == [1.0, 1.0] and holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_keeps_the_order_and_lies_between_the_value_and_bonferronis(p_values):
    corrected = np.array(holm(p_values))
    p = np.array(p_values)
    assert (corrected >= p - 1e-12).all() and (corrected <= np.minimum(p * len(p), 1) + 1e-12).all()
    assert (np.diff(corrected[np.argsort(p, kind="stable")]) >= 0).all()
