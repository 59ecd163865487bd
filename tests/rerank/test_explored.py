"""Exploration behind the policy of the page: what may come, what stays, and what the other columns then say."""

import numpy as np
import pytest

from broadsheet.config.filters import read_filters
from broadsheet.corpus.filters import ArticleValues, select_articles
from broadsheet.rerank.exploration.click_rates import ClickRates
from broadsheet.rerank.exploration.policy import Exploration
from broadsheet.rerank.explored import Explorer
from tests.rerank.test_reranker import NONE, candidates_table, make_reranker
from tests.support.stage_contract import NOON, catalogue_of, hours, lists_by_user, users_table

SIZE = 12
OFFERED = {f"N{n}": {"two_tower": 1 - n / 20} for n in range(SIZE)}
ANY = Exploration(policy="softmax", temperature=100.0, slots=9)


def explorer(seeds, exploration=ANY, places=4, rates=None):
    budgets = dict.fromkeys(seeds, exploration.slots)
    return Explorer(exploration, NOON.timestamp(), places, seeds, budgets, rates)


def articles(vectors=None, **columns):
    """Twelve articles, each on its own, unless columns or vectors say otherwise."""
    titles = [f"Title of the article with the number {number}" for number in range(SIZE)]
    return catalogue_of(np.eye(SIZE) if vectors is None else vectors, title=titles, **columns)


def ranked(catalogue, drawn, users=("u",), selection=None, **policy):
    reranker = make_reranker(catalogue, weights={**NONE, "two_tower": 1.0}, depth=SIZE, **policy)
    offered = candidates_table(*((user, OFFERED) for user in users))
    return reranker(users_table(*({"user_id": user} for user in users)), offered, selection, 4, drawn)


def ids(rows):
    return [row["news_id"] for row in rows]


def test_a_page_is_drawn_from_the_whole_list_and_the_rest_keeps_its_order():
    pages = []
    for seed in range(30):
        drawn = explorer({"u": seed})
        rows = ranked(articles(), drawn).to_pylist()
        page = drawn.pages["u"]
        assert ids(rows)[:4] == [f"N{n}" for n in page.order]
        assert ids(rows)[4:] == [f"N{n}" for n in range(SIZE) if n not in page.order]
        assert [row["rank"] for row in rows] == list(range(1, SIZE + 1)) and page.propensity.size == 4
        pages.append(ids(rows)[:4])
    assert len({news_id for page in pages for news_id in page}) == SIZE


def test_without_a_budget_the_ranking_is_as_it_was():
    drawn = Explorer(ANY, NOON.timestamp(), 4, {"u": 1}, {"u": 0})
    assert ranked(articles(), drawn).equals(ranked(articles(), None))
    assert drawn.pages["u"].propensity.tolist() == [1, 1, 1, 1]


def test_a_readers_page_does_not_depend_on_who_else_is_ranked():
    seeds = {"a": 5, "b": 9, "c": 13}
    together, alone = explorer(seeds), explorer(seeds)
    lists = lists_by_user(ranked(articles(), together, users=seeds, diversity=0.3))
    for user in seeds:
        assert ranked(articles(), alone, users=[user], diversity=0.3).to_pylist() == lists[user]
        for name in ("order", "propensity", "conditional"):
            assert getattr(together.pages[user], name).tobytes() == getattr(alone.pages[user], name).tobytes()


def test_no_page_has_more_of_a_category_or_of_a_story_than_the_caps_allow():
    # N0 to N5 are of one category, of which a list has two; N6 and N7 tell of one event, of which it has one.
    vectors = np.eye(SIZE)
    vectors[7] = vectors[6]
    catalogue = articles(vectors, category=["sports"] * 6 + [""] * 6, published_at=[hours(-1)] * SIZE)
    for seed in range(30):
        rows = ranked(
            catalogue, explorer({"u": seed}), category=2, story=1, story_similarity=0.8, story_days=3.0
        ).to_pylist()
        page = ids(rows)[:4]
        assert sum(news_id in {f"N{n}" for n in range(6)} for news_id in page) <= 2
        assert not {"N6", "N7"} <= set(page)


def test_what_filters_pin_or_want_at_least_stays_in_its_slot_with_certainty():
    catalogue = articles(source=["", "Own", "", "Own"] + [""] * 8)
    filters = read_filters({"pins": {"news_id": ["N8"]}, "quotas": {"source": {"Own": {"least": 1}}}})
    selection = select_articles(ArticleValues(catalogue.news), [filters])
    before = ids(ranked(catalogue, None, selection=selection).to_pylist())[:4]
    assert before == ["N8", "N0", "N1", "N2"]
    others = set()
    for seed in range(20):
        drawn = explorer({"u": seed})
        page = ids(ranked(catalogue, drawn, selection=selection).to_pylist())[:4]
        assert (page[0], page[2]) == ("N8", "N1")
        assert drawn.pages["u"].propensity[[0, 2]].tolist() == [1, 1]
        others |= {page[1], page[3]}
    assert len(others) > 4


def test_no_page_has_more_of_a_kind_than_filters_allow():
    catalogue = articles(source=["Paid"] * 5 + [""] * 7)
    filters = read_filters({"quotas": {"source": {"Paid": {"most": 1}}}})
    selection = select_articles(ArticleValues(catalogue.news), [filters])
    for seed in range(20):
        page = ids(ranked(catalogue, explorer({"u": seed}), selection=selection).to_pylist())[:4]
        assert len({"N0", "N1", "N2", "N3", "N4"} & set(page)) <= 1


def test_the_diversity_of_a_row_is_that_of_its_place_on_the_drawn_page():
    vectors = np.eye(SIZE)
    vectors[1] = vectors[0] * 0.6 + vectors[1] * 0.8
    catalogue = articles(vectors)
    for seed in range(30):
        rows = ranked(catalogue, explorer({"u": seed})).to_pylist()
        places = {row["news_id"]: row["rank"] for row in rows}
        later = max("N0", "N1", key=places.get)
        for row in rows:
            assert row["diversity"] == pytest.approx(0.4 if row["news_id"] == later else 1.0, abs=1e-6)


def test_softmax_finds_the_order_of_the_list_most_probable_also_where_diversity_made_it():
    # N1 is a copy of N0 in its vector, so diversity puts it last, although its score is the second.
    vectors = np.eye(SIZE)
    vectors[1] = vectors[0]
    catalogue = articles(vectors)
    calm = Exploration(policy="softmax", temperature=0.01, slots=9)
    pages = [ids(ranked(catalogue, explorer({"u": seed}, calm), diversity=0.9).to_pylist())[:4] for seed in range(20)]
    greedy = ids(ranked(catalogue, None, diversity=0.9).to_pylist())[:4]
    assert "N1" not in greedy and pages.count(greedy) > 15


def test_thompson_sampling_lets_young_articles_with_good_rates_up_and_no_old_article():
    published = [hours(-100)] * SIZE
    published[9], published[10], published[11] = hours(-2), hours(-3), hours(5)  # N11 is still to come
    catalogue = articles(published_at=published)
    clicks, examined = np.full(SIZE, 50.0), np.full(SIZE, 1000.0)
    clicks[9] = 400.0
    clicks[10] = 0.0
    thompson = Exploration(policy="thompson", young_hours=24.0, slots=1)
    pages = [
        ids(ranked(catalogue, explorer({"u": seed}, thompson, rates=ClickRates(clicks, examined))).to_pylist())[:4]
        for seed in range(20)
    ]
    assert all("N9" in page and not {"N10", "N11"} & set(page) for page in pages)
    assert len({page.index("N9") for page in pages}) == 4  # the open slot may be any of the four
