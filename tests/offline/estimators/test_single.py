"""Four rounds by hand; reward, weight, prediction of what was shown, mean prediction of the policy."""

import numpy as np
import pytest

from broadsheet.offline.estimators import single

REWARD = np.array([1.0, 0.0, 1.0, 0.0])
WEIGHT = np.array([2.0, 1.0, 0.5, 0.5])
PREDICTED = np.array([0.5, 0.2, 0.4, 0.1])
EXPECTED = np.array([0.6, 0.2, 0.3, 0.1])


def test_ips_is_the_mean_of_weight_times_reward():
    assert single.ips(REWARD, WEIGHT).value == 2.5 / 4


def test_clipped_ips_bounds_the_weights():
    assert single.clipped_ips(REWARD, WEIGHT, 1.5).value == 2.0 / 4


def test_snips_divides_by_the_sum_of_weights():
    assert single.snips(REWARD, WEIGHT * 3).value == 2.5 / 4


def test_sub_gaussian_ips_takes_the_harmonic_mean_of_each_weight_and_1():
    assert single.sub_gaussian_ips(REWARD, WEIGHT, 0.5).value == pytest.approx((2 / 1.5 + 0.5 / 0.75) / 4)


def test_the_direct_method_is_the_mean_of_what_is_expected():
    assert single.direct_method(EXPECTED).value == pytest.approx(0.3)


def test_dr_corrects_what_is_expected_by_the_weighted_error():
    assert single.dr(REWARD, WEIGHT, PREDICTED, EXPECTED).value == pytest.approx(0.3 + (1 - 0.2 + 0.3 - 0.05) / 4)


def test_sndr_divides_the_correction_by_the_mean_weight():
    assert single.sndr(REWARD, WEIGHT * 2, PREDICTED, EXPECTED).value == pytest.approx(0.3 + 1.05 / 4)


def test_switch_dr_corrects_nothing_where_the_weight_is_above_the_bound():
    assert single.switch_dr(REWARD, WEIGHT, PREDICTED, EXPECTED, 1).value == pytest.approx(0.3 + 0.05 / 4)


def test_dros_shrinks_each_weight():
    kept = np.array([4 / 6, 2 / 3, 1 / 2.25, 1 / 2.25])  # 2 * w / (w ** 2 + 2)
    correction = (kept * (REWARD - PREDICTED)).sum() / 4
    assert single.dros(REWARD, WEIGHT, PREDICTED, EXPECTED, 2).value == pytest.approx(0.3 + correction)


def test_dros_ends_at_the_direct_method_and_at_dr():
    parts = REWARD, WEIGHT, PREDICTED, EXPECTED
    assert single.dros(*parts, 0).value == single.direct_method(EXPECTED).value
    assert single.dros(*parts, np.inf).value == single.dr(*parts).value


def test_replay_is_the_mean_reward_of_the_rounds_that_agree():
    assert single.replay(REWARD, np.array([True, True, False, False])).value == 0.5
    assert single.replay(REWARD, np.zeros(4, np.bool_)).value == 0


def test_mips_is_ips_with_the_weights_of_clusters():
    assert single.mips(REWARD, np.array([1.0, 1.0, 2.0, 0.0])).value == 3 / 4
