import numpy as np
import pytest

from broadsheet.corpus.exposures import no_exposures
from broadsheet.readers.mutes import Mutes
from broadsheet.retrieval import Retriever, interest_vectors
from broadsheet.retrieval.sources.logs import Logs
from broadsheet.retrieval.towers.user_tower import new_user_tower
from broadsheet.tables.arrow_files import from_rows
from broadsheet.tables.live_schemas import MUTES
from broadsheet.tables.schemas import CANDIDATES, SOURCES, user_vectors
from broadsheet.tables.vectors import vectors_to_numpy
from tests.retrieval.readers import clicks_of
from tests.support.stage_contract import (
    NOON,
    OfTables,
    catalogue_of,
    check_stage,
    hours,
    lists_by_user,
    unit,
    users_table,
)

# Ten articles on a quarter circle, so that N0 is nearest to N1, then N2, and so on.
ANGLES = np.linspace(0, np.pi / 2, 10)
CIRCLE = np.stack([np.cos(ANGLES), np.sin(ANGLES), 0 * ANGLES, 0 * ANGLES], axis=1)
NORTH = unit([0, 1, 0, 0])
WEIGHTS = {"two_tower": 1.0, "popularity": 0.5, "freshness": 0.5, "co_click": 0.5}


class Search:
    """Exact search over vectors, which notes the depths it was asked for."""

    def __init__(self, vectors):
        self.vectors, self.depths = vectors, []

    def __call__(self, queries, k):
        self.depths.append(k)
        scores = queries @ self.vectors.T
        rows = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        return np.take_along_axis(scores, rows, 1), rows


def says_north(texts):
    return np.tile(NORTH, (len(texts), 1))


def make_retriever(
    vectors=CIRCLE,
    *,
    k=3,
    tower=None,
    clicks=(),
    history=50,
    weights=WEIGHTS,
    quotas=None,
    search=None,
    exposures=None,
    half_lives=None,
    own=None,
    says=says_north,
    **columns,
):
    catalogue = catalogue_of(vectors, **columns)
    search = search or Search(catalogue.vectors.whole())
    tower = tower or new_user_tower(4, history=history)
    log = clicks_of([(user, row, time.timestamp()) for user, row, time in clicks])
    logs = Logs(log, exposures or no_exposures())
    about = {
        "logs": lambda: logs,
        "weights": weights,
        "quotas": quotas or {},
        "own": own,
    }
    about |= {"half_life_hours": 24, "half_life_hours_by_category": half_lives or {}}
    retriever = Retriever(catalogue, search, says, tower, k=k, **about)
    return OfTables(retriever, catalogue), search


def candidates(retriever, *users, as_of=NOON, **options):
    table = users_table(*users)
    return retriever(table, retriever.vectors(table), as_of, **options)


def ids(retriever, user, **options):
    return candidates(retriever, {"user_id": "u", **user}, **options)["news_id"].to_pylist()


def test_it_keeps_the_contract_of_a_stage():
    retriever, _ = make_retriever(clicks=[(7, 4, hours(-1))], published_at=[hours(-number) for number in range(10)])
    users = users_table(
        {"user_id": "reader", "history": ["N0", "N5", "GONE"], "hidden": ["N1"]},
        {"user_id": "speaker", "profile": "north"},
        {"user_id": "nobody"},
        {"user_id": "stranger", "history": ["GONE"]},
    )
    check_stage(lambda table: retriever(table, retriever.vectors(table), NOON), users, CANDIDATES)
    assert retriever.vectors(users).schema.equals(user_vectors(4), check_metadata=True)


def test_the_nearest_come_first_without_what_was_read_or_hidden():
    retriever, _ = make_retriever()
    table = candidates(retriever, {"user_id": "u", "history": ["N0"], "hidden": ["N2", "GONE"]})
    assert table["news_id"].to_pylist() == ["N1", "N3", "N4"]
    assert table["rank"].to_pylist() == [1, 2, 3]
    assert table["two_tower"].to_pylist() == pytest.approx(np.cos(ANGLES[[1, 3, 4]]).tolist())
    assert table["fused"].equals(table["two_tower"])  # nothing else is known, and its weight is 1


def test_articles_of_the_future_are_left_out_and_those_without_a_time_are_not():
    published = [None, hours(0.001), hours(0), hours(-1), hours(48), None, None, None, None, None]
    retriever, _ = make_retriever(published_at=published)
    assert ids(retriever, {"history": ["N0"]}) == ["N2", "N3", "N5"]
    assert ids(retriever, {"history": ["N0"]}, as_of=hours(1)) == ["N1", "N2", "N3"]
    assert "N4" not in ids(retriever, {}, k=10)


def test_the_search_goes_deeper_until_enough_are_left():
    retriever, search = make_retriever(k=2)
    near = [f"N{number}" for number in range(8)]
    assert ids(retriever, {"history": ["N0"], "hidden": near}) == ["N8", "N9"]
    assert search.depths[0] == 4 and search.depths[-1] == 10


def test_where_fewer_are_left_than_asked_for_all_of_them_come():
    retriever, _ = make_retriever(k=5)
    assert ids(retriever, {"history": ["N0"], "hidden": [f"N{n}" for n in range(1, 8)]}) == ["N8", "N9"]
    everything = [f"N{n}" for n in range(10)]
    assert ids(retriever, {"history": everything}) == []
    assert len(ids(retriever, {"history": ["N0"]}, k=1000)) == 9


def test_k_can_ask_for_more_than_the_configured_number_and_not_for_less():
    retriever, _ = make_retriever(k=3)
    assert [len(ids(retriever, {"history": ["N0"]}, k=k)) for k in (1, 3, 5)] == [3, 3, 5]


def test_a_search_that_finds_fewer_than_asked_for_is_no_error():
    retriever, search = make_retriever()

    def sparse(queries, k):
        scores, rows = search(queries, k)
        rows[:, 1::2] = -1
        return scores, rows

    retriever, _ = make_retriever(search=sparse)
    assert ids(retriever, {"history": ["N0"]}) == ["N2", "N4", "N6"]


def test_the_newest_clicks_alone_are_read():
    retriever, _ = make_retriever(np.eye(4), history=2)
    vectors = retriever.vectors(users_table({"user_id": "u", "history": ["N3", "N0", "GONE", "N1"]}))
    assert vectors_to_numpy(vectors)[0] == pytest.approx(np.array([1, 1, 0, 0]) / 2**0.5)


def test_a_profile_is_one_more_item_beside_the_newest_clicks():
    retriever, _ = make_retriever(np.eye(4), history=2)
    users = users_table(
        {"user_id": "a", "history": ["N3", "N0", "N2"], "profile": "north"},
        {"user_id": "b", "profile": " north "},
        {"user_id": "c", "profile": "  "},
    )
    vectors = vectors_to_numpy(retriever.vectors(users))
    assert vectors[0] == pytest.approx(np.array([1, 1, 1, 0]) / 3**0.5)
    assert vectors[1] == pytest.approx(NORTH) and not vectors[2].any()


def test_a_new_user_gets_what_is_popular_and_new():
    # N0 was read twice a day ago, N1 is the newest, N2 is a day old and was read once, N3 is of the future.
    retriever, _ = make_retriever(
        np.eye(4),
        k=4,
        clicks=[(1, 0, hours(-24)), (2, 0, hours(-24)), (3, 2, hours(-24))],
        published_at=[hours(-48), hours(0), hours(-24), hours(1)],
    )
    table = candidates(retriever, {"user_id": "new"}, {"user_id": "hides", "hidden": ["N0"]})
    new, hides = lists_by_user(table).values()
    # A day is four half-lives: 2 / 16, 0, 1 / 16 clicks and 0.1 of the mean of three, 1 / 16, in hundredths, as logs.
    # Popularity is 1, 0.1834, 0.7794; freshness is 0.25, 1, 0.5; half of each. To a reader of whom nothing is known the
    # newest and the most read are offered in turn, whatever has most of both.
    assert [row["news_id"] for row in new] == ["N1", "N0", "N2"]
    assert [row["fused"] for row in new] == pytest.approx([0.591676, 0.625, 0.639678], abs=1e-5)
    assert [row["score"] for row in new] == pytest.approx([1, 1 / 2, 1 / 3])
    assert [row["two_tower"] for row in new] == [None] * 3 == [row["co_click"] for row in new]
    assert [row["popularity"] for row in new] == pytest.approx([0.183353, 1, 0.779356], abs=1e-5)
    assert [row["freshness"] for row in new] == pytest.approx([1, 0.25, 0.5])
    assert [row["news_id"] for row in hides] == ["N1", "N2"]


def test_a_new_user_gets_a_full_list_where_nothing_is_known_of_time_or_clicks():
    retriever, _ = make_retriever()
    table = candidates(retriever, {"user_id": "new"})
    assert table["news_id"].to_pylist() == ["N0", "N1", "N2"]
    assert table["fused"].to_pylist() == [0, 0, 0] and table["popularity"].null_count == 3


def test_described_articles_have_the_scores_that_search_gives_them():
    published = [hours(-number) for number in range(10)]
    clicks = [(1, 0, hours(-2)), (1, 3, hours(-2)), (2, 5, hours(-9))]
    retriever, _ = make_retriever(k=9, clicks=clicks, published_at=published)
    users = users_table({"user_id": "u", "history": ["N0", "N7"]}, {"user_id": "nobody"})
    vectors = retriever.vectors(users)
    found = lists_by_user(retriever(users, vectors, NOON))
    for user, interests in zip(users.to_pylist(), interest_vectors(vectors), strict=True):
        by_id = {row["news_id"]: row for row in found[user["user_id"]]}
        shown = sorted(by_id, reverse=True)
        described = retriever.describe(user, interests, [*shown[:2], "GONE", *shown[2:]], NOON)
        assert described.schema.equals(CANDIDATES, check_metadata=True)
        assert described["news_id"].to_pylist() == shown
        for row in described.to_pylist():
            for name in ("fused", *SOURCES):
                expected = by_id[row["news_id"]][name]
                assert row[name] == (None if expected is None else pytest.approx(expected, abs=1e-6))


def test_no_articles_are_described_by_an_empty_table():
    retriever, _ = make_retriever()
    table = retriever.describe({"user_id": "u", "history": [], "profile": "", "hidden": []}, NORTH[None], [], NOON)
    assert len(table) == 0 and table.schema.equals(CANDIDATES, check_metadata=True)


def test_an_index_that_finds_nothing_ends_the_search():
    empty = (np.zeros((1, 0), np.float32), np.zeros((1, 0), np.int64))
    retriever, _ = make_retriever()
    retriever._search = lambda queries, k: (np.repeat(empty[0], len(queries), 0), np.repeat(empty[1], len(queries), 0))
    assert len(ids(retriever, {"history": ["N0"]})) == 3, "the list is filled with what is new"


def test_what_was_muted_is_proposed_by_no_source_and_fills_no_list():
    categories = ["odd" if number % 2 else "even" for number in range(10)]
    clicks = [(user, row, hours(-1)) for user in (7, 8) for row in (0, 1, 2, 3)]
    published = [hours(-number) for number in range(10)]
    retriever, _ = make_retriever(k=9, clicks=clicks, category=categories, published_at=published)
    mutes = Mutes(from_rows([{"user_id": "u", "categories": ["odd"], "sources": []}], MUTES))
    assert sorted(ids(retriever, {"history": ["N0"]}, mutes=mutes)) == ["N2", "N4", "N6", "N8"]
    assert len(ids(retriever, {"user_id": "v", "history": ["N0"]}, mutes=mutes)) == 9


def test_an_article_grows_old_with_the_half_life_of_its_category():
    times = [hours(-12)] * 10
    retriever, _ = make_retriever(published_at=times, category=["sports", "science"] * 5, half_lives={"sports": 6})
    found = retriever.describe(
        {"user_id": "u", "history": [], "profile": "", "hidden": []}, NORTH[None], ["N0", "N1"], NOON
    )
    assert found["freshness"].to_pylist() == pytest.approx(
        [0.25, 0.5**0.5]
    )  # 12 hours are two half-lives of 6, half one of 24
