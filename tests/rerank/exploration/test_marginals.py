import numpy as np
import pytest

from broadsheet.rerank.exploration.chances import epsilon_greedy, softmax
from broadsheet.rerank.exploration.closed_forms import epsilon_greedy_marginals, plackett_luce_marginals
from broadsheet.rerank.exploration.marginals import state_marginals


@pytest.mark.parametrize("articles, slots, budget", [(8, 4, 4), (8, 4, 2), (4, 4, 3), (5, 1, 1), (1, 1, 1), (9, 5, 1)])
def test_counting_for_epsilon_greedy_gives_what_following_all_ways_gives(articles, slots, budget):
    counted = epsilon_greedy_marginals(articles, slots, budget, 0.3)
    assert counted == pytest.approx(state_marginals(epsilon_greedy(0.3), articles, slots, budget), abs=1e-12)
    assert counted.sum(axis=1) == pytest.approx(np.ones(slots))


@pytest.mark.parametrize("temperature", [0.01, 0.1, 1.0, 100.0])
def test_the_integral_for_plackett_and_luce_gives_what_following_all_ways_gives(temperature):
    scores = np.array([1.0, 0.95, 0.95, 0.5, 0.31, 0.3, 0.0])
    found = plackett_luce_marginals(scores, temperature, 4)
    assert found == pytest.approx(state_marginals(softmax(scores, temperature), 7, 4, 4), abs=1e-9)


def test_a_sample_of_the_ways_is_as_near_as_it_says():
    scores = np.linspace(1, 0, 40)
    exact, sampled = (
        plackett_luce_marginals(scores, 0.2, 8),
        state_marginals(softmax(scores, 0.2), 40, 8, 8, most=256),
    )
    bound = np.sqrt(exact * (1 - exact) / 256)
    assert (np.abs(sampled - exact) < 3 * bound).all() and np.abs(sampled - exact).mean() < bound.mean() / 2
    assert sampled.sum(axis=1) == pytest.approx(np.ones(8))
    assert np.array_equal(sampled, state_marginals(softmax(scores, 0.2), 40, 8, 8, most=256))


def test_two_open_slots_over_sixty_articles_are_followed_without_a_sample():
    scores, made = np.linspace(1, 0, 60), softmax(np.linspace(1, 0, 60), 0.3)
    assert scores.size == 60
    small, large = state_marginals(made, 60, 10, 2), state_marginals(made, 60, 10, 2, most=1 << 14)
    assert small == pytest.approx(large, abs=1e-12)
