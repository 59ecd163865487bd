import numpy as np
import pytest
from scipy import stats

from broadsheet.offline.estimators.intervals import bootstraps, influences, resampled, skewed_t
from broadsheet.offline.estimators.terms import mean_of, ratio_of


def test_without_skewness_it_is_the_t_interval_with_fewer_degrees_of_freedom():
    values = np.array([1.0, 2.0, 3.0, 4.0, 5.0] * 4)  # kurtosis 1.7: 2 * 20 / 0.7 degrees are bounded by 19
    low, high = skewed_t(mean_of(values), np.arange(20))
    reach = stats.t.ppf(0.975, 19) * values.std(ddof=1) / np.sqrt(20)
    assert (low, high) == pytest.approx((3 - reach, 3 + reach))


def test_a_skewed_mean_has_a_longer_upper_arm():
    values = np.r_[np.zeros(90), np.full(10, 5.0)]
    low, high = skewed_t(mean_of(values), np.arange(100))
    assert high - 0.5 > 1.2 * (0.5 - low) > 0


def test_an_interval_has_the_unit_of_its_rewards_however_small():
    values = np.r_[np.zeros(90), np.full(10, 5.0)]
    usual, tiny = (skewed_t(mean_of(values * unit), np.arange(100)) for unit in (1.0, 1e-100))
    assert np.array(tiny) * 1e100 == pytest.approx(np.array(usual))


def test_the_rounds_of_a_reader_go_together():
    values, readers = np.repeat([0.0, 1.0, 0.0, 1.0], 25), np.repeat(np.arange(4), 25)
    alone, together = skewed_t(mean_of(values), np.arange(100)), skewed_t(mean_of(values), readers)
    assert together.high - together.low > 5 * (alone.high - alone.low)


def test_readers_may_have_any_numbers_and_any_order():
    rng = np.random.default_rng(0)
    values, readers = rng.random(30), np.repeat(np.arange(10), 3)
    mixed = rng.permutation(30)
    here = skewed_t(mean_of(values), readers)
    assert skewed_t(mean_of(values[mixed]), 7 * readers[mixed] + 3) == pytest.approx(here)


def test_a_reader_moves_a_ratio_by_its_linear_part():
    terms = ratio_of(np.array([2.0, 1.0]), np.array([1.0, 3.0]))  # 3 / 4
    assert influences(terms, np.array([0, 1])).tolist() == pytest.approx([(2 - 0.75) / 4, (1 - 2.25) / 4])


def test_one_reader_has_no_interval_and_equal_readers_have_one_of_no_width():
    assert np.isnan(skewed_t(mean_of(np.ones(3)), np.zeros(3, np.int64))).all()
    assert skewed_t(mean_of(np.ones(3)), np.arange(3)) == (1, 1)


def test_a_resample_draws_readers_with_all_their_rounds():
    terms = ratio_of(np.array([1.0, 3.0, 0.0]), np.array([1.0, 1.0, 2.0]))
    found = resampled([terms], np.array([5, 5, 9]), 400, 0)[:, 0]
    assert {round(float(value), 6) for value in found} == {2.0, 1.0, 0.0}  # reader 5 twice, both, reader 9 twice
    assert np.mean(found == 1.0) == pytest.approx(0.5, abs=0.1)


def test_the_bootstrap_is_that_of_the_mean_and_estimates_share_the_resamples():
    values = np.random.default_rng(1).normal(3, 2, 400)
    (low, high), ratio = bootstraps([mean_of(values), ratio_of(2 * values, np.full(400, 2.0))], np.arange(400))
    assert (low, high) == pytest.approx((values.mean() - 0.196, values.mean() + 0.196), abs=0.03)
    assert ratio == pytest.approx((low, high))


def test_few_clicks_with_large_weights_are_covered_more_often_than_by_the_bootstrap():
    rng, hits, usual = np.random.default_rng(3), 0, 0
    for _ in range(200):
        weight = np.where(rng.random(1000) < 0.02, 25.5, 0.5)  # the mean is 1; some 4 clicks have 25.5
        terms = mean_of(weight * (rng.random(1000) < 0.2))
        low, high = skewed_t(terms, np.arange(1000))
        hits += low <= 0.2 <= high
        low, high = bootstraps([terms], np.arange(1000), samples=100)[0]
        usual += low <= 0.2 <= high
    assert hits / 200 >= 0.93
    assert hits >= usual + 5
