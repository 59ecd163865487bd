import numpy as np
import pytest

from broadsheet.evaluation.pages.propensities import (
    LEAST_P,
    by_slot,
    by_slots_above,
    check_policy,
    describe,
    failed,
    smallest_p,
    total_p,
)
from broadsheet.rerank.exploration.policy import Candidates, Exploration

LISTED = Candidates(
    np.linspace(1, 0, 12),
    young=np.arange(12) % 2 == 1,
    clicks=np.array([9.0, 2, 5, 1, 4, 3, 2, 1, 1, 6, 1, 1]),
    misses=np.full(12, 90.0),
)


@pytest.mark.parametrize("policy", ["none", "epsilon-greedy", "softmax", "thompson"])
def test_the_pages_of_each_policy_are_as_often_as_their_probabilities_say(policy):
    result = check_policy(Exploration(policy, slots=2), [LISTED], 1500)
    assert result["agrees"] and result["draws"] == 1500 and not failed({"policies": [result]})
    assert result["marginal"]["p"] >= LEAST_P and result["conditional"]["p"] >= LEAST_P
    assert describe(result).startswith(f"{policy} with {0 if policy == 'none' else 2} open slots: 1,500 pages")


def test_estimated_probabilities_are_held_to_their_standard_error():
    result = check_policy(Exploration("thompson", slots=10), [LISTED], 400)
    assert result["agrees"] and 0 < result["marginal"]["most_errors"] < 4.5


def test_probabilities_that_are_not_true_are_found():
    rng, truth = np.random.default_rng(2), np.array([0.6, 0.3, 0.1])
    first = rng.choice(3, 2000, p=truth)
    orders = np.stack([first, (first + 1) % 3], axis=1)
    second = np.array([[0.1, 0.6, 0.3], [0.3, 0.1, 0.6]])
    assert smallest_p(by_slot(orders, np.array([truth, truth[[2, 0, 1]]])))["p"] > LEAST_P
    assert smallest_p(by_slot(orders, second))["p"] < LEAST_P
    logged = np.stack([truth[first], np.ones(2000)], axis=1)
    assert total_p(by_slots_above(orders, logged))["p"] > LEAST_P
    assert total_p(by_slots_above(orders, np.stack([second[0][first], np.ones(2000)], axis=1)))["p"] < LEAST_P
    # The second slot is certain behind the first; a log that says 0.9 is found, too.
    assert total_p(by_slots_above(orders, np.stack([truth[first], np.full(2000, 0.9)], axis=1)))["p"] < LEAST_P
