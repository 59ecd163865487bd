from itertools import permutations

import numpy as np
import pytest

from broadsheet.errors import ContractError, InputError
from broadsheet.rerank.exploration.page import PageDraw
from broadsheet.rerank.exploration.policy import Candidates, Exploration
from broadsheet.rerank.exploration.seeds import page_seed

SCORES = np.array([1.0, 0.8, 0.7, 0.4, 0.0])
RANKED = Candidates(
    SCORES,
    young=np.array([False, True, False, True, True]),
    clicks=np.array([20.0, 2.0, 9.0, 1.0, 4.0]),
    misses=np.array([180.0, 18.0, 91.0, 19.0, 16.0]),
)
POLICIES = ["epsilon-greedy", "softmax", "thompson"]


def draw(policy, *, slots=3, budget=3, fixed=None, **settings):
    return PageDraw(Exploration(policy=policy, **settings), RANKED, slots=slots, budget=budget, fixed=fixed)


def test_without_a_policy_the_page_is_the_top_of_the_ranking_with_certainty():
    for made in (draw("none", budget=0), draw("softmax", budget=0)):
        page = made.draw(7)
        assert page.order.tolist() == [0, 1, 2] and not page.explored.any()
        assert page.propensity.tolist() == page.conditional.tolist() == [1, 1, 1]


def test_the_probabilities_of_epsilon_greedy_under_a_budget_are_those_computed_by_hand():
    three = Candidates(np.array([1.0, 0.5, 0.0]))
    made = PageDraw(Exploration(policy="epsilon-greedy", epsilon=0.3), three, slots=2, budget=1)
    # One of two slots is open, and takes any of three articles with probability 0.3: each other article has
    # 0.5 * 0.3 / 3 = 0.05. Behind article 1 the budget is spent, and the best article left is certain.
    propensity, conditional = made.probabilities([1, 0])
    assert conditional == pytest.approx([0.05, 1.0])
    assert propensity == pytest.approx([0.05, 0.05 + 0.05])
    # Behind article 0 the second slot is open if the first was not: 0.5 of the 0.9; then article 2 has 0.3 / 2.
    propensity, conditional = made.probabilities([0, 2])
    assert conditional == pytest.approx([0.9, 0.5 / 0.9 * 0.15])
    assert propensity == pytest.approx([0.9, 0.5 * 0.15])
    assert made.probabilities([0, 1])[1] == pytest.approx([0.9, 1 - 0.5 / 0.9 * 0.15])
    assert made.probabilities([2, 1])[1].tolist() == [pytest.approx(0.05), 0.0]


def test_the_probabilities_of_plackett_and_luce_are_those_computed_by_hand():
    weighted = Candidates(np.log(np.array([5.0, 3.0, 2.0])))
    made = PageDraw(Exploration(policy="softmax", temperature=1.0), weighted, slots=2, budget=2)
    propensity, conditional = made.probabilities([2, 0])
    assert conditional == pytest.approx([0.2, 5 / 8])
    assert propensity == pytest.approx([0.2, 0.3 * 5 / 7 + 0.2 * 5 / 8])


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("budget", [1, 2, 3])
@pytest.mark.parametrize("fixed", [{}, {2: 4}])
def test_the_pages_together_have_probability_one_and_add_up_to_the_marginals(policy, budget, fixed):
    made = draw(policy, budget=budget, fixed=fixed)
    pages = [
        page for page in permutations(range(5), 3) if all(page[slot - 1] == place for slot, place in fixed.items())
    ]
    found = [made.probabilities(page) for page in pages]
    chances = np.array([conditional.prod() for _, conditional in found])
    assert chances.sum() == pytest.approx(1, abs=1e-12)
    for slot in range(3):
        for article in range(5):
            here = [number for number, page in enumerate(pages) if page[slot] == article]
            for number in here:
                assert found[number][0][slot] == pytest.approx(chances[here].sum(), abs=1e-9)


@pytest.mark.parametrize("policy", POLICIES)
def test_articles_are_in_their_slots_as_often_as_the_logged_probabilities_say(policy):
    made, count = draw(policy, budget=2, epsilon=0.5), 4000
    pages = [made.draw(page_seed(f"page {number}")) for number in range(count)]
    orders = np.array([page.order for page in pages])
    for slot in range(3):
        expected, observed = np.zeros(5), np.bincount(orders[:, slot], minlength=5)
        for page in pages:
            expected[page.order[slot]] = count * page.propensity[slot]
        drawn = expected > 0
        assert expected.sum() == pytest.approx(count, abs=4)  # what was never drawn is improbable
        # Chi-squared with at most 4 degrees of freedom is larger in 1 of 1,000 cases.
        assert ((observed - expected)[drawn] ** 2 / expected[drawn]).sum() < 18.5
    # The second slot behind each article of the first, by the logged conditional probabilities.
    for first in range(3):
        behind = [page for page in pages if page.order[0] == first]
        for article in {int(page.order[1]) for page in behind}:
            chance = next(page.conditional[1] for page in behind if page.order[1] == article)
            hits = sum(int(page.order[1]) == article for page in behind)
            assert abs(hits - len(behind) * chance) < 4 * np.sqrt(len(behind) * chance * (1 - chance)) + 1


@pytest.mark.parametrize("policy", POLICIES)
def test_a_page_has_the_probabilities_that_it_was_drawn_with(policy):
    made = draw(policy, slots=4, budget=2, fixed={3: 1})
    for seed in range(50):
        page = made.draw(seed)
        propensity, conditional = made.probabilities(page.order.tolist())
        assert propensity.tolist() == page.propensity.tolist() and conditional.tolist() == page.conditional.tolist()
        assert len(set(page.order.tolist())) == 4 and page.order[2] == 1
        assert page.propensity[2] == page.conditional[2] == 1 and not page.explored[2]
        assert page.explored.sum() <= 2


def test_a_slot_counts_as_explored_if_its_article_is_not_the_best_left():
    made = draw("softmax", budget=1, temperature=10.0)
    pages = [made.draw(seed) for seed in range(40)]
    assert {int(page.explored.sum()) for page in pages} == {0, 1}
    for page in pages:
        # Behind article 3 in the first slot the others moved down by a slot, and were not explored.
        left = list(range(5))
        for article, explored in zip(page.order.tolist(), page.explored.tolist(), strict=True):
            assert explored == (article != left[0])
            left.remove(article)


def test_open_slots_are_anywhere_on_the_page_and_not_only_at_its_top():
    made = draw("softmax", slots=4, budget=1, temperature=10.0)
    where = np.sum([made.draw(seed).explored for seed in range(400)], axis=0)
    assert (where > 40).all()


def test_a_seed_gives_the_same_page_in_every_process():
    page = draw("thompson", budget=2).draw(page_seed("3f2a"))
    assert page_seed("3f2a") == 604543077518085519
    assert page.order.tolist() == RECORDED[0] and page.conditional == pytest.approx(RECORDED[1], abs=1e-6)
    again = draw("thompson", budget=2).draw(page_seed("3f2a"))
    assert all(np.array_equal(getattr(page, name), getattr(again, name)) for name in vars(page))


RECORDED = [[4, 0, 1], [0.50287868, 0.74605768, 0.83692418]]


def test_a_short_list_makes_a_short_page_and_an_empty_list_an_empty_page():
    assert draw("softmax", slots=9, budget=2).draw(1).order.size == 5
    empty = PageDraw(Exploration(policy="softmax"), Candidates(np.zeros(0)), slots=3, budget=2)
    assert empty.draw(1).order.size == 0
    fixed = PageDraw(Exploration(policy="softmax"), Candidates(np.zeros(1)), slots=3, budget=2, fixed={1: 0})
    assert fixed.draw(1).order.tolist() == [0]


def test_equal_scores_are_equally_probable():
    made = PageDraw(Exploration(policy="softmax"), Candidates(np.zeros(4)), slots=4, budget=4)
    assert made.probabilities([3, 2, 1, 0])[0] == pytest.approx([0.25] * 4)


def test_an_editors_slot_that_cannot_be_is_said_with_all_others():
    with pytest.raises(InputError) as error:
        draw("softmax", fixed={0: 1, 2: 9, 3: 1})
    assert all(text in str(error.value) for text in ("slot 0", "expected 1 to 3", "found article 9", "in two slots"))
    with pytest.raises(InputError, match="found articles"):
        draw("softmax").probabilities([0, 1, 1])


@pytest.mark.parametrize("scores", [[1.0, np.nan, 0.0], [0.0, 0.5, 1.0], [np.inf, 0.0, 0.0]])
def test_scores_without_an_order_are_refused(scores):
    with pytest.raises(InputError, match="scores"):
        PageDraw(Exploration(policy="softmax"), Candidates(np.array(scores)), slots=2, budget=1)


def test_a_slot_without_a_true_probability_is_an_error_and_no_page():
    made = draw("softmax")
    made.marginals[:] = np.nan
    with pytest.raises(ContractError, match="slot 1 has propensity nan"):
        made.draw(1)


def test_a_page_that_cannot_be_has_probability_0_from_the_slot_where_it_cannot():
    propensity, conditional = draw("softmax", fixed={1: 4}).probabilities([0, 1, 2])
    assert propensity[0] == 0 and (propensity[1:] > 0).all() and conditional.tolist() == [0, 0, 0]
    propensity, conditional = draw("softmax").probabilities([0, -1, 2])  # the second is not in the list
    whole = draw("softmax").probabilities([0, 1, 2])
    assert conditional.tolist() == [whole[1][0], 0, 0]
    assert propensity.tolist() == [whole[0][0], 0, whole[0][2]]
