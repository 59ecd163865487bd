import numpy as np
import pytest

from broadsheet.experiments.statistics.sample_ratio import ALARM, sample_ratio
from broadsheet.experiments.statistics.signs import sign_p_value, sign_sequence


def split(shares, readers, seeds):
    """Readers of each arm after each reader: (seeds, readers, arms)."""
    drawn = np.random.default_rng(0).random((seeds, readers))
    arms = np.searchsorted(np.cumsum(shares), drawn)
    return (arms[..., None] == np.arange(len(shares))).cumsum(axis=1)


def test_two_readers_of_one_arm_are_worth_what_the_formula_says():
    # With one pseudo-reader an arm: 1/3 by the mixture, 1/4 by the shares, so that the evidence is 4/3.
    assert sample_ratio(np.array([[1, 0], [2, 0]]), np.array([0.5, 0.5]), 2.0) == pytest.approx([1, 0.75])
    assert sign_p_value(np.array([1, 2]), np.array([1, 2]), 1.0) == pytest.approx([1, 0.75])


def test_the_alarm_is_silent_over_true_splits_at_every_look():
    for shares in ([0.5, 0.5], [0.2, 0.3, 0.5]):
        found = sample_ratio(split(shares, 1_000, 1_000), np.array(shares))
        assert (found.min(axis=1) < 0.05).mean() <= 0.05 and (np.diff(found, axis=1) <= 0).all()


def test_the_alarm_finds_an_arm_that_loses_a_tenth_of_its_readers():
    found = sample_ratio(split([0.5 / 0.95, 0.45 / 0.95], 20_000, 20), np.array([0.5, 0.5]))
    assert (found[:, -1] < ALARM).all()


def test_the_sign_test_is_valid_at_every_look_and_its_interval_holds_the_truth():
    wins = (np.random.default_rng(1).random((1_000, 500)) < 0.5).cumsum(axis=1)
    trials = np.arange(1, 501)
    assert (sign_p_value(wins, trials)[:, -1] < 0.05).mean() <= 0.05
    found = sign_sequence(wins[:100], trials)
    assert ((found.low > 0.5) | (found.high < 0.5)).any(axis=1).mean() <= 0.05
    assert (sign_sequence(np.zeros(2), np.zeros(2)).low == 0).all()
