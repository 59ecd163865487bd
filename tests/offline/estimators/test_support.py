import numpy as np

from broadsheet.offline.estimators.support import lacking

READERS = np.arange(1000)


def test_weights_that_average_1_are_enough():
    assert not lacking(np.tile([0.5, 1.5], 500), READERS)
    assert not lacking(np.tile([0.5, 1.5], 500), READERS, overlap=0.995)


def test_choices_that_the_log_never_makes_are_refused():
    said = lacking(np.ones(1000), READERS, overlap=0.8)
    assert said.startswith("20.0% of the policy's choices are articles that the log's policy never shows there")
    assert "Let the log explore" in said


def test_a_log_that_is_worth_few_rounds_is_refused():
    weight = np.r_[np.full(10, 100.0), np.zeros(990)]
    assert lacking(weight, READERS).startswith("the log is worth 10.0 rounds of 1,000 for this policy, and 50 are")


def test_weights_beyond_all_numbers_are_refused():
    for large in (np.inf, 1e300):
        assert lacking(np.r_[large, np.ones(999)], READERS).startswith("the log is worth 0.0 rounds of 1,000")


def test_weights_far_from_1_on_average_are_refused_in_both_directions():
    assert lacking(np.tile([0.5, 0.7], 500), READERS).startswith(
        "the weights average 0.600, and 1 is expected: the pol"
    )
    assert lacking(np.tile([1.5, 1.7], 500), READERS).startswith(
        "the weights average 1.600, and 1 is expected: the log"
    )


def test_a_mean_that_chance_explains_is_no_reason():
    weight = np.where(np.random.default_rng(0).random(1000) < 0.1, 10.0, 0.0)
    assert weight.mean() != 1 and not lacking(weight, READERS)
