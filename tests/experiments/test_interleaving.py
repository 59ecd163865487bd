from collections import Counter

import numpy as np
import pytest
from scipy.stats import chi2

from broadsheet.experiments.interleaving import DRAWN, draft_probabilities, team_draft, votes

ABC, CBA = list("abcdef"), list("fedcba")


def test_each_round_has_an_article_of_both_rankers_and_the_coin_says_whose_is_first():
    drafts = [team_draft(ABC, CBA, 2, seed) for seed in range(40)]
    assert {(tuple(draft.order), draft.teams) for draft in drafts} == {(("a", "f"), "12"), (("f", "a"), "21")}


def test_a_page_is_the_same_for_the_same_seed_and_has_each_article_once():
    draft = team_draft(ABC, list("acxyz"), 6, 7)
    assert draft == team_draft(ABC, list("acxyz"), 6, 7)
    assert len(set(draft.order)) == len(draft.order) == len(draft.teams) == 6


def test_an_article_that_both_put_next_is_a_vote_for_neither():
    assert {team_draft(ABC, ABC, 6, seed).teams for seed in range(20)} == {"------"}
    for seed in range(20):
        draft = team_draft(list("abc"), list("axy"), 3, seed)
        assert draft.teams[0] == "-" and draft.teams[1] == ("2" if draft.order[1] == "x" else "1")
    swapped = {(tuple(d.order), d.teams) for d in (team_draft(list("ab"), list("ba"), 2, n) for n in range(20))}
    assert swapped == {(("a", "b"), "12"), (("b", "a"), "21")}


def test_votes_are_those_of_the_clicked_slots():
    assert votes("12-1", [2]) == 1 and votes("12-1", [1, 2, 3]) == 0 and votes("12-1", [1, 4]) == -2
    assert votes("12", [3]) == votes("12", []) == 0


def test_short_and_empty_rankings_are_drawn_to_their_end():
    assert sorted(team_draft(["a"], ["b", "c", "d"], 10, 0).order) == list("abcd")
    assert team_draft([], ["b", "c"], 10, 0) == (["b", "c"], "22")
    assert team_draft([], [], 10, 0) == ([], "") and draft_probabilities([], [], []) == ([], [])


def test_the_probabilities_are_those_of_the_coins():
    # Round 1: a first, or x first. Then b and y, in either order.
    marginal, conditional = draft_probabilities(list("ab"), list("xy"), list("axby"))
    assert marginal == [0.5] * 4 and conditional == [0.5, 1.0, 0.5, 1.0]
    marginal, conditional = draft_probabilities(list("abc"), list("axy"), list("abx"))
    assert marginal == pytest.approx([1, 0.5, 0.25]) and conditional == pytest.approx([1, 0.5, 0.5])


def test_pages_come_as_often_as_their_probabilities_say():
    first, second = list("abcdef"), list("cafbxy")
    seen = Counter(tuple(team_draft(first, second, 5, seed).order) for seed in range(4_000))
    expected = {page: 4_000 * np.prod(draft_probabilities(first, second, page)[1]) for page in seen}
    assert sum(expected.values()) == pytest.approx(4_000)
    statistic = sum((seen[page] - expected[page]) ** 2 / expected[page] for page in seen)
    assert statistic < chi2.ppf(0.999, len(seen) - 1)
    for slot in range(5):
        for page in seen:
            marginal = draft_probabilities(first, second, page)[0][slot]
            share = sum(count for other, count in seen.items() if other[slot] == page[slot]) / 4_000
            assert share == pytest.approx(marginal, abs=0.04)


def test_behind_the_drawn_slots_the_rankers_take_turns_and_the_probabilities_stay_true():
    first, second = [f"a{n}" for n in range(40)], [f"b{n}" for n in range(40)]
    draft = team_draft(first, second, 30, 3)
    assert len(draft.teams) == DRAWN and draft.order[DRAWN:] == [f"{one}{n}" for n in range(6, 15) for one in "ab"]
    marginal, conditional = draft_probabilities(first, second, draft.order)
    assert marginal[DRAWN:] == conditional[DRAWN:] == [1.0] * 18 and marginal[0] == 0.5


def test_an_article_that_is_alike_to_one_above_comes_after_all_others():
    alike = {"a": {"x"}, "x": {"a"}}
    for seed in range(10):
        draft = team_draft(list("abc"), list("xyz"), 6, seed, alike)
        assert sorted(draft.order) == list("abcxyz") and draft.order[-1] in "ax"
        marginal, conditional = draft_probabilities(list("abc"), list("xyz"), draft.order, alike)
        assert min(marginal) > 0 and 0 < np.prod(conditional) <= 1 / 4
