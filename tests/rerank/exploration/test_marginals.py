import numpy as np
import pytest

from broadsheet.rerank.exploration.chances import epsilon_greedy, softmax, thompson
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


def played(draw, articles, slots, budget, count, rng):
    """How often each article is in each slot if pages are made as the documents say, one slot after the other."""
    found = np.zeros((slots, articles))
    for _ in range(count):
        opened, left = set(rng.permutation(slots)[:budget].tolist()), list(range(articles))
        for slot in range(slots):
            article = draw(left) if slot in opened else left[0]
            found[slot, article] += 1 / count
            left.remove(article)
    return found


def test_pages_made_as_the_documents_say_have_the_marginals_of_each_policy():
    rng, scores, rates = np.random.default_rng(11), np.array([1.0, 0.7, 0.5, 0.2, 0.0]), np.array([9.0, 2, 5, 1, 4])
    young = np.array([False, True, False, True, True])

    def any_or_best(left):
        return int(rng.choice(left)) if rng.random() < 0.4 else left[0]

    def gumbel(left):
        return left[int(np.argmax(scores[left] / 0.5 + rng.gumbel(size=len(left))))]

    def highest_rate(left):
        drawing = [article for article in left if young[article] or article == left[0]]
        return drawing[int(np.argmax(rng.beta(rates[drawing], 60.0)))]

    policies = [
        (any_or_best, epsilon_greedy(0.4)),
        (gumbel, softmax(scores, 0.5)),
        (highest_rate, thompson(rates, np.full(5, 60.0), young)),
    ]
    for draw, chances in policies:
        expected = state_marginals(chances, 5, 3, 2)
        often = played(draw, 5, 3, 2, 3000, rng)
        assert (np.abs(often - expected) < 4.5 * np.sqrt(expected * (1 - expected) / 3000) + 0.001).all()
