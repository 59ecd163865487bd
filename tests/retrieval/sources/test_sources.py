"""The retriever with all of its sources: one alone, no leak from the future, and several interests."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.rerank import Policy, Reranker
from broadsheet.retrieval import interest_vectors
from broadsheet.retrieval.towers.user_tower import new_user_tower
from broadsheet.tables.schemas import SOURCES
from tests.retrieval.test_retriever import CIRCLE, WEIGHTS, candidates, ids, make_retriever
from tests.support.stage_contract import NOON, OfTables, catalogue_of, hours, lists_by_user, unit, users_table

CATEGORIES = ["sports", "politics", "science", "sports", "politics", "", "sports", "politics", "science", ""]
PUBLISHED = [hours(-number) for number in range(10)]
CLICKS = [(1, 0, hours(-1)), (1, 8, hours(-1)), (2, 6, hours(-2)), (2, 8, hours(-3)), (3, 6, hours(-1))]
READER = {"history": ["N0"]}


def of_all(**options):
    """A retriever over ten articles of which everything is known."""
    known = {"k": 4, "clicks": CLICKS, "published_at": PUBLISHED, "category": CATEGORIES}
    return make_retriever(**(known | options))[0]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("two_tower", ["N1", "N2", "N3", "N4"]),
        ("popularity", ["N6", "N8", "N3", "N2"]),  # two and two clicks, then by the category's
        ("freshness", ["N1", "N3"]),  # the newest of all, then the newest of sports, though N2 is newer
        ("co_click", ["N8"]),  # N8 shares a reader with N0
    ],
)
def test_one_weight_alone_is_that_source_alone(source, expected):
    table = candidates(of_all(weights={source: 1.0}, k=len(expected)), {"user_id": "u", **READER})
    assert table["news_id"].to_pylist() == expected and table["fused"].equals(table[source])


def test_where_the_sources_propose_too_few_what_is_popular_and_new_makes_up_the_number():
    table = candidates(of_all(weights={"co_click": 1.0}), {"user_id": "u", **READER})
    assert table["news_id"].to_pylist() == ["N8", "N6", "N2", "N3"]  # nobody reads politics, as N1
    assert table["co_click"].null_count == 3 and table["fused"].to_pylist()[1:] == [0, 0, 0]


def test_the_fused_list_holds_what_each_source_proposes_in_order_of_the_weighted_sum():
    table = candidates(of_all(k=9), {"user_id": "u", **READER})
    rows = table.to_pylist()
    for row in rows:
        assert row["fused"] == pytest.approx(sum(WEIGHTS[name] * (row[name] or 0) for name in SOURCES), abs=1e-6)
    assert [row["fused"] for row in rows] == sorted((row["fused"] for row in rows), reverse=True)
    assert len(rows) == 9


def test_one_who_only_says_what_to_read_about_gets_what_is_nearest_to_it():
    asks = {"profile": "north"}  # which is nearest to N9, though N6 and N8 are what is read
    assert ids(of_all(weights=WEIGHTS | {"two_tower": 0.01}), asks) == ["N9", "N8", "N7", "N6"]
    assert ids(of_all(weights={"popularity": 1.0}), asks)[0] == "N6"


def test_an_article_without_clicks_and_a_reader_without_history_are_no_special_case():
    table = candidates(of_all(clicks=[], k=10), {"user_id": "new"}, {"user_id": "u", **READER})
    new, reader = lists_by_user(table).values()
    assert [row["news_id"] for row in new] == [f"N{number}" for number in range(10)]  # newest first
    assert [row["news_id"] for row in reader] == [f"N{number}" for number in range(1, 10)]
    assert all(row["popularity"] is None and row["co_click"] is None for row in [*new, *reader])


def test_an_unknown_time_leaves_freshness_out_and_takes_no_article_away():
    table = candidates(of_all(published_at=[None] * 10, k=9), {"user_id": "u", **READER})
    assert table["freshness"].null_count == 9 == len(table)


click = st.tuples(st.integers(0, 4), st.integers(0, 9), st.integers(-100, 100))
CATALOGUE = catalogue_of(CIRCLE, published_at=PUBLISHED, category=CATEGORIES)
RERANKER = Reranker(
    CATALOGUE, None, depth=10, reads=10, history=5, headlines=1, policy=Policy(diversity=0.5),
    weights={"relevance": 1, "two_tower": 1, "popularity": 0.5, "click_rate": 0, "trend": 0, "co_click": 0,
             "freshness": 0.5, "affinity": 0.1, "subcategory_affinity": 0, "attention": 0, "unseen": 0,
             "source_affinity": 0},
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.lists(click, max_size=15), st.lists(click, max_size=6))
def test_clicks_planted_at_the_request_or_later_change_no_candidate_no_score_and_no_signal(clicks, planted):
    later = [(user, row, abs(hour)) for user, row, hour in planted]
    users = users_table({"user_id": "u", **READER}, {"user_id": "new"}, {"user_id": "asks", "profile": "north"})

    def outcome(log):
        retriever = of_all(clicks=[(user, row, hours(hour)) for user, row, hour in log], k=10)
        vectors = retriever.vectors(users)
        found = retriever(users, vectors, NOON)
        shown = [f"N{number}" for number in (5, 2, 0, 7)]
        described = [
            retriever.describe(user, interests, shown, NOON)
            for user, interests in zip(users.to_pylist(), interest_vectors(vectors), strict=True)
        ]
        signals = [
            OfTables(RERANKER, CATALOGUE).signals(user, table)
            for user, table in zip(users.to_pylist(), described, strict=True)
        ]
        return found, described, signals

    found, described, signals = outcome(clicks)
    again, described_again, signals_again = outcome([*clicks, *later])
    assert again.equals(found) and described_again == described
    for one, other in zip(signals, signals_again, strict=True):
        for name, values in one.items():
            np.testing.assert_array_equal(values, other[name])


def test_an_earlier_click_changes_what_a_later_one_does_not():
    before = candidates(of_all(), {"user_id": "new"})
    earlier = candidates(of_all(clicks=[*CLICKS, (4, 2, hours(-1)), (5, 2, hours(-1))]), {"user_id": "new"})
    # To a new reader the newest and the most read are offered in turn: the second candidate is the most read.
    assert before["news_id"][1].as_py() != earlier["news_id"][1].as_py() == "N2"


class TwoInterests:
    """A user tower whose interests are the first and the last item of the sequence."""

    history, interests = 50, 2

    def encode(self, sequences, weights=None):
        ends = [vectors[[0, -1]] if len(vectors) else np.zeros((2, 4)) for vectors in sequences]
        return np.array(ends, np.float32).reshape(-1, 2, 4)


def test_each_interest_has_its_row_and_all_are_searched_as_one_request():
    retriever, search = make_retriever(tower=TwoInterests())
    users = users_table({"user_id": "u", "history": ["N0", "N9"]}, {"user_id": "new"})
    vectors = retriever.vectors(users)
    assert vectors["user_id"].to_pylist() == ["u", "u", "new", "new"]
    assert vectors["interest"].to_pylist() == [1, 2, 1, 2]
    assert (
        interest_vectors(vectors)[0] == pytest.approx(unit(CIRCLE[[0, 9]])) and not interest_vectors(vectors)[1].any()
    )
    found = lists_by_user(retriever(users, vectors, NOON))
    assert [row["news_id"] for row in found["u"]] == ["N1", "N8", "N2"]  # both ends of the circle
    assert len(found["new"]) == 3 and search.depths == [6]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.sets(st.integers(0, 39), min_size=1, max_size=30))
def test_the_search_for_several_interests_is_that_of_all_articles_by_the_largest_inner_product(seed, k, read):
    vectors = unit(np.random.default_rng(seed).normal(size=(40, 4)))
    retriever, _ = make_retriever(vectors, k=k, tower=TwoInterests(), weights={"two_tower": 1.0})
    history = sorted(read)
    best = (vectors @ vectors[[history[0], history[-1]]].T).max(axis=1)
    best[history] = -np.inf
    expected = np.argsort(-best, kind="stable")[: min(k, 40 - len(read))]
    table = candidates(retriever, {"user_id": "u", "history": [f"N{row}" for row in history]})
    assert table["two_tower"].to_pylist() == pytest.approx(best[expected].tolist(), abs=1e-6)
    assert set(table["news_id"].to_pylist()) == {f"N{row}" for row in expected}


class ThreeAlike:
    """A user tower whose three interests are the one of an untrained tower."""

    history, interests = 50, 3

    def encode(self, sequences, weights=None):
        return np.repeat(new_user_tower(4, history=50).encode(sequences), 3, axis=1)


def test_interests_that_are_alike_find_what_one_of_them_finds():
    user = {"user_id": "u", "history": ["N0", "N5"]}
    one, three = candidates(make_retriever()[0], user), candidates(make_retriever(tower=ThreeAlike())[0], user)
    assert three["news_id"].equals(one["news_id"])
    assert three["two_tower"].to_pylist() == pytest.approx(one["two_tower"].to_pylist(), abs=1e-6)


def test_the_newest_are_among_the_candidates_of_every_reader_by_the_quota_however_little_they_weigh():
    published = [hours(-100 - number) for number in range(9)] + [hours(-1)]
    options = {"k": 5, "published_at": published, "weights": {**WEIGHTS, "freshness": 0.0}}
    reader = {"history": ["N0"]}
    assert "N9" not in ids(make_retriever(**options)[0], reader)  # the farthest from what was read
    with_quota, _ = make_retriever(**options, quotas={"freshness": 0.25})
    assert ids(with_quota, reader) == ["N1", "N2", "N3", "N9", "N4"]
    assert "N9" not in ids(with_quota, {"profile": "north", "history": [], "hidden": ["N9"]})


def test_who_only_says_what_to_read_about_has_no_quota_of_the_newest():
    published = [hours(-1)] + [hours(-100)] * 9
    retriever, _ = make_retriever(k=3, published_at=published, quotas={"freshness": 0.5})
    assert ids(retriever, {"profile": "north"}) == ["N9", "N8", "N7"]


def test_an_article_under_a_new_id_is_not_offered_to_who_has_read_or_hidden_it():
    vectors = [[1, 0], [1, 0], [1, 0], [1, 0.5], [0, 1]]
    titles = ["Mayor opens tram", "Mayor opens tram", "mayor opens TRAM", "Tram stops", "Chess"]
    retriever, _ = make_retriever(vectors, k=2, title=titles, tower=new_user_tower(2, history=50))
    assert ids(retriever, {"history": ["N0"]}) == ["N3", "N4"]
    assert ids(retriever, {"hidden": ["N1"], "history": ["N4"]}) == ["N3"]
