import numpy as np
import pytest

from broadsheet.rerank.newest import not_judged
from tests.rerank.test_reranker import NONE, candidates_table, make_catalogue, make_reranker
from tests.support.stage_contract import hours, users_table

WEIGHTS = {**NONE, "two_tower": 1.0, "freshness": 0.1}


def freshness(hours_old):
    return 0.5 ** (hours_old / 24)


def test_not_judged_is_what_is_just_in_and_what_is_new_and_hardly_read():
    signals = {
        "freshness": np.array([freshness(2.9), freshness(3.1), freshness(0.4), freshness(0.6), np.nan, freshness(1)]),
        "popularity": np.array([0.4, 0.4, 0.9, 0.9, 0.4, np.nan]),
    }
    assert not_judged(signals).tolist() == [True, False, True, False, False, True]


def test_one_click_judges_where_the_most_clicked_article_has_sixty():
    def popularity(clicks, most):
        return np.log1p(clicks / 0.01) / np.log1p(most / 0.01)

    found = [popularity(0, 60), popularity(1, 60), popularity(22, 50_000), popularity(23, 50_000)]
    signals = {"freshness": np.full(4, freshness(1)), "popularity": np.array(found)}
    assert not_judged(signals).tolist() == [True, False] * 2


def page_of(user, policy):
    """A page of eleven articles of falling score, of which only the last is new; each has a vector of its own."""
    published = [*[hours(-30)] * 10, hours(-1), hours(-40)]
    columns = {"category": [""] * 12, "published_at": published}
    reranker = make_reranker(make_catalogue(np.eye(12), **columns), weights=WEIGHTS, depth=20, **policy)
    articles = {f"N{n}": {"two_tower": 1 - n / 20, "freshness": freshness(30)} for n in range(10)}
    articles["N10"] = {"two_tower": 0.1, "freshness": freshness(1)}
    return reranker(users_table(user), candidates_table((user["user_id"], articles))).to_pylist()


def test_the_tenth_place_goes_to_what_is_new_and_says_so():
    page = page_of({"user_id": "u", "history": ["N11"]}, {"newest": 0.1})
    assert [row["news_id"] for row in page] == [*(f"N{n}" for n in range(9)), "N10", "N9"]
    assert page[9]["reason"].startswith("Because it is new: published on ")
    assert page[9]["because_news_id"] is None


@pytest.mark.parametrize(
    ("user", "policy"),
    [
        ({"user_id": "u", "history": ["N11"]}, {}),
        ({"user_id": "u", "profile": "chess"}, {"newest": 0.1}),
    ],
    ids=["no place is kept", "a reader who asked for a topic"],
)
def test_without_a_kept_place_the_score_decides(user, policy):
    assert [row["news_id"] for row in page_of(user, policy)] == [f"N{n}" for n in range(11)]
