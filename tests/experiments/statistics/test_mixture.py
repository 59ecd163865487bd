import math

import numpy as np
import pytest

from broadsheet.experiments.statistics.mixture import p_value, radius, radius_of_one_side, scale_of

WALKS, LOOKS = 2_000, 400


@pytest.fixture(scope="module")
def means():
    """Means of standard normal values without an effect, at each look (walks, looks), with their errors (looks,)."""
    number = np.arange(1, LOOKS + 1)
    walks = np.random.default_rng(0).standard_normal((WALKS, LOOKS)).cumsum(axis=1)
    return walks / number, 1 / np.sqrt(number)


def test_the_radius_is_that_of_the_formula():
    # error 1, scale 1: (1 + 1) * (log 2 + 2 log 20) under the root
    assert radius(np.array(1.0), 1.0) == pytest.approx(math.sqrt(2 * (math.log(2) + 2 * math.log(20))))
    assert radius(np.array([0.0, np.nan]), 1.0) == pytest.approx([0.0, np.nan], nan_ok=True)


def test_at_all_looks_together_at_most_a_twentieth_of_null_walks_is_ever_outside(means):
    estimate, error = means
    outside = (np.abs(estimate) > radius(error, 0.3)).any(axis=1).mean()
    one_side = (estimate > radius_of_one_side(error, 0.3)).any(axis=1).mean()
    z_test = (np.abs(estimate) > 1.96 * error).any(axis=1).mean()
    assert outside <= 0.05 + 0.01 and one_side <= 0.05 + 0.01 and z_test > 0.4


def test_the_p_value_is_below_alpha_where_the_interval_has_left_0_and_never_rises(means):
    estimate, error = means
    found = p_value(estimate, np.broadcast_to(error, estimate.shape), 0.3)
    left = np.maximum.accumulate(np.abs(estimate) > radius(error, 0.3), axis=1)
    assert ((found < 0.05) == left).all() and (np.diff(found, axis=1) <= 0).all()


def test_one_side_is_nearer_than_two():
    error = np.array([0.01, 0.1, 1.0])
    assert (radius_of_one_side(error, 0.1) < radius(error, 0.1)).all()
    assert (radius_of_one_side(error, 0.1) > 1.645 * error).all()


def test_the_scale_makes_the_sequence_tightest_at_its_error():
    best = scale_of(0.02)
    here = radius(np.array(0.02), best)
    assert here < radius(np.array(0.02), 0.9 * best) and here < radius(np.array(0.02), 1.1 * best)
