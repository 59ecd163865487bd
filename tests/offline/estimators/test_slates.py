"""Two pages of two slots by hand, and a page that has one slot alone."""

import numpy as np
import pytest

from broadsheet.offline.estimators import slates

REWARD = np.array([[1.0, 0.0], [0.0, 1.0]])
BOTH = np.ones((2, 2), np.bool_)
CONDITIONAL = np.array([[0.5, 0.5], [0.5, 0.25]])
EVALUATION = np.array([[0.25, 0.5], [0.5, 0.5]])
# ratios by slot: 0.5, 1 and 1, 2; down to each slot: 0.5, 0.5 and 1, 2; of the pages: 0.5 and 2


def test_independent_weights_are_the_ratio_in_each_slot():
    found = slates.independent_weights(EVALUATION, CONDITIONAL)
    assert found.tolist() == [[0.5, 1], [1, 2]]
    assert slates.slate_ips(REWARD, found).value == (0.5 + 2) / 2


def test_cascade_weights_multiply_down_to_each_slot():
    found = slates.cascade_weights(EVALUATION, CONDITIONAL)
    assert found.tolist() == [[0.5, 0.5], [1, 2]]


def test_page_weights_are_the_same_in_all_slots_of_a_page():
    assert slates.page_weights(EVALUATION, CONDITIONAL, BOTH).tolist() == [[0.5, 0.5], [2, 2]]


def test_slots_that_a_page_lacks_have_no_weight_and_change_no_other():
    present = np.array([[True, False], [True, True]])
    lacking = CONDITIONAL * present, EVALUATION * present
    assert slates.page_weights(lacking[1], lacking[0], present).tolist() == [[0.5, 0], [2, 2]]
    assert slates.cascade_weights(lacking[1], lacking[0]).tolist() == [[0.5, 0], [1, 2]]


def test_slate_snips_divides_each_slot_by_its_mean_weight():
    weight = np.array([[0.5, 0.5], [1.0, 2.0]])
    assert slates.slate_snips(REWARD, weight, BOTH).value == pytest.approx(0.25 / 0.75 + 1 / 1.25)


def test_slate_snips_takes_the_mean_weight_over_the_pages_that_have_the_slot():
    weight, present = np.array([[1.0, 0.0], [1.0, 2.0]]), np.array([[True, False], [True, True]])
    assert slates.slate_snips(REWARD, weight, present).value == pytest.approx(0.5 + 0.5)


def test_cascade_dr_weighs_what_is_expected_by_the_slots_above():
    weight = np.array([[0.5, 0.5], [1.0, 2.0]])
    predicted, expected = np.array([[0.4, 0.2], [0.5, 0.3]]), np.array([[0.3, 0.1], [0.6, 0.2]])
    first = 0.5 * 0.6 + 0.3 + 0.5 * -0.2 + 0.5 * 0.1
    second = 1 * -0.5 + 0.6 + 2 * 0.7 + 1 * 0.2
    assert slates.cascade_dr(REWARD, weight, predicted, expected).value == pytest.approx((first + second) / 2)


def test_cascade_dr_without_a_model_is_rips():
    weight, nothing = slates.cascade_weights(EVALUATION, CONDITIONAL), np.zeros((2, 2))
    assert slates.cascade_dr(REWARD, weight, nothing, nothing).value == slates.slate_ips(REWARD, weight).value
