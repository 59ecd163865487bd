import numpy as np
import pytest

from broadsheet.rerank import Policy, Reranker
from broadsheet.rerank.cross_encoder.pairs import candidate_text, make_pairs, nearest_history
from broadsheet.tables.arrow_files import from_rows
from broadsheet.tables.schemas import CANDIDATES, RANKED
from tests.support.stage_contract import OfTables, catalogue_of, check_stage, hours, lists_by_user, users_table

WEIGHTS = {
    "relevance": 1.0,
    "two_tower": 1.0,
    "popularity": 0.5,
    "click_rate": 0.0,
    "trend": 0.0,
    "co_click": 0.0,
    "freshness": 0.5,
    "affinity": 1.0,
    **dict.fromkeys(("subcategory_affinity", "attention", "unseen", "source_affinity"), 0.0),
}
NONE = dict.fromkeys(WEIGHTS, 0.0)
EYE = np.eye(6)
CATEGORIES = ["sports", "sports", "science", "science", "politics", ""]


def make_catalogue(vectors=EYE, **columns):
    columns = {"category": CATEGORIES, "published_at": [hours(-n) for n in range(5)] + [None], **columns}
    return catalogue_of(vectors, **columns)


def make_reranker(catalogue=None, score=None, *, weights=WEIGHTS, depth=10, reads=10, headlines=2, **policy):
    catalogue = make_catalogue() if catalogue is None else catalogue
    options = {"reads": reads, "history": 50, "headlines": headlines, "policy": Policy(**policy), "weights": weights}
    return OfTables(Reranker(catalogue, score, depth=depth, **options), catalogue)


def candidates_table(*lists):
    """Candidates from (user, {article: {signal: value}})."""
    rows = [
        {"user_id": user, "news_id": news, "rank": rank, "score": 0.0, "fused": 0.0, **signals}
        for user, articles in lists
        for rank, (news, signals) in enumerate(articles.items(), 1)
    ]
    return from_rows(rows, CANDIDATES)


def test_it_keeps_the_contract_of_a_stage():
    users = users_table(
        {"user_id": "a", "history": ["N0", "N2", "GONE"]},
        {"user_id": "b", "profile": "chess"},
        {"user_id": "nobody"},
    )
    offered = {f"N{n}": {"two_tower": 0.1 * n, "popularity": 0.2, "freshness": 0.5**n} for n in (5, 4, 3, 1)}
    candidates = candidates_table(*((user, offered) for user in ("a", "b", "nobody")))
    reranker = make_reranker(score=lambda pairs: np.array([len(a + b) % 7 / 7 for a, b in pairs], np.float32))
    before = candidates.to_pylist()
    check_stage(lambda table: reranker(table, candidates), users, RANKED)
    assert candidates.to_pylist() == before


def test_signals_are_taken_from_retrieval_the_cross_encoder_and_the_history():
    users = users_table({"user_id": "u", "history": ["N0", "N1", "N2", "N4"]})
    candidates = candidates_table(("u", {"N3": {"two_tower": 0.5, "freshness": 0.25}, "N5": {"popularity": 1.0}}))
    table = make_reranker(score=lambda pairs: np.array([0.75, 0.125], np.float32))(users, candidates)
    first, second = table.to_pylist()
    assert (first["news_id"], second["news_id"]) == ("N3", "N5")
    names = ("relevance", "two_tower", "popularity", "freshness", "affinity")
    assert [first[name] for name in names] == [0.75, 0.5, None, 0.25, 0.25]
    assert [second[name] for name in names] == [0.125, None, 1, None, None]
    # The weights sum to 4: (0.75 + 0.5 + 0.125 + 0.25) / 4 and (0.125 + 0.5) / 4.
    assert [first["fused"], second["fused"]] == [0.40625, 0.15625]


def test_scores_are_those_of_the_ranking_in_the_order_of_the_candidates():
    users = users_table({"user_id": "u", "history": ["N0"]})
    candidates = candidates_table(("u", {f"N{n}": {"two_tower": 0.1 * n, "freshness": 0.9} for n in range(1, 6)}))
    reranker = make_reranker(score=lambda pairs: np.linspace(0, 1, len(pairs), dtype=np.float32))
    scores = reranker.scores(users.to_pylist()[0], candidates)
    ranked = {row["news_id"]: row["fused"] for row in reranker(users, candidates).to_pylist()}
    assert scores.tolist() == pytest.approx([ranked[f"N{n}"] for n in range(1, 6)])


def test_without_a_cross_encoder_or_a_history_relevance_is_absent():
    def refuse(pairs):
        raise AssertionError("nothing to read")

    offered = {"N1": {"two_tower": 0.5}, "N2": {"two_tower": 0.25}}
    known = users_table({"user_id": "u", "history": ["N0"]})
    assert make_reranker()(known, candidates_table(("u", offered)))["relevance"].null_count == 2
    unknown = users_table({"user_id": "u", "history": ["GONE"], "profile": "chess"})
    assert make_reranker(score=refuse)(unknown, candidates_table(("u", offered)))["relevance"].null_count == 2


def test_only_the_best_candidates_are_read():
    read = []

    def score(pairs):
        read.extend(pairs)
        return np.zeros(len(pairs), np.float32)

    users = users_table({"user_id": "u", "history": ["N0"]})
    candidates = candidates_table(("u", {f"N{n}": {"two_tower": 1 - n / 10} for n in range(1, 6)}))
    table = make_reranker(score=score, depth=2)(users, candidates)
    assert table["news_id"].to_pylist() == ["N1", "N2"] and len(read) == 2


def test_a_user_without_candidates_gets_no_rows():
    users = users_table({"user_id": "a"}, {"user_id": "b"})
    table = make_reranker()(users, candidates_table(("b", {"N1": {"two_tower": 0.5}})))
    assert table["user_id"].to_pylist() == ["b"]
    assert len(make_reranker()(users, candidates_table())) == 0


def test_users_are_ranked_apart():
    users = users_table({"user_id": "b", "history": ["N0"]}, {"user_id": "a", "history": ["N2"]})
    offered = {"N1": {"two_tower": 0.5}, "N3": {"two_tower": 0.5}}
    lists = lists_by_user(make_reranker()(users, candidates_table(("a", offered), ("b", offered))))
    assert list(lists) == ["b", "a"]
    assert [row["news_id"] for row in lists["b"]] == ["N1", "N3"]
    assert [row["news_id"] for row in lists["a"]] == ["N3", "N1"]


def test_diversity_puts_another_subject_before_a_near_copy():
    catalogue = make_catalogue([[1, 0], [1, 0.01], [0, 1], [1, 1], [1, 1], [1, 1]])
    users = users_table({"user_id": "u", "history": ["N5"]})
    candidates = candidates_table(
        ("u", {"N0": {"two_tower": 0.9}, "N1": {"two_tower": 0.89}, "N2": {"two_tower": 0.5}})
    )
    by_score = make_reranker(catalogue, weights={**NONE, "two_tower": 1.0})(users, candidates)
    assert by_score["news_id"].to_pylist() == ["N0", "N1", "N2"]
    diverse = make_reranker(catalogue, weights={**NONE, "two_tower": 1.0}, diversity=0.7)(users, candidates)
    assert diverse["news_id"].to_pylist() == ["N0", "N2", "N1"]
    assert diverse["fused"].to_pylist() == pytest.approx([0.9, 0.5, 0.89])
    assert diverse["diversity"].to_pylist() == pytest.approx([1, 1, 0], abs=1e-3)


def ranked_by_tower(catalogue, scores, history=("N5",), **policy):
    """The order of N0, N1, … with these scores."""
    users = users_table({"user_id": "u", "history": list(history)})
    offered = {f"N{number}": {"two_tower": score} for number, score in enumerate(scores)}
    reranker = make_reranker(catalogue, weights={**NONE, "two_tower": 1.0}, **policy)
    return reranker(users, candidates_table(("u", offered)))["news_id"].to_pylist()


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({}, ["N0", "N1", "N2", "N3", "N4"]),
        ({"category": 1}, ["N0", "N2", "N4", "N1", "N3"]),
        ({"source": 1}, ["N0", "N3", "N4", "N1", "N2"]),
        ({"story": 1, "story_similarity": 0.9, "story_days": 1.0}, ["N0", "N1", "N2", "N4", "N3"]),
        ({"story": 1, "story_similarity": 0.9, "story_days": 0.01}, ["N0", "N1", "N2", "N3", "N4"]),
        ({"calibration": 0.9}, ["N4", "N0", "N1", "N2", "N3"]),
        ({"small_sources": 0.5}, ["N0", "N3", "N1", "N4", "N2"]),
    ],
)
def test_the_policy_reads_categories_sources_times_and_the_history(policy, expected):
    vectors = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0.1, 1], [-1, 0, 0], [0, -1, 0]]
    categories = ["sports", "sports", "science", "science", "politics", "politics"]
    catalogue = make_catalogue(vectors, category=categories, source=["A", "A", "A", "B", "C", "A"])
    assert ranked_by_tower(catalogue, [0.9, 0.8, 0.7, 0.6, 0.5], **policy) == expected


@pytest.mark.parametrize(
    ("signal", "because", "reason"),
    [
        ("relevance", "N0", "Because you read “Title 0”."),
        ("two_tower", "N0", "Because you read “Title 0”."),
        ("popularity", None, "Because many readers opened it lately."),
        ("freshness", None, "Because it is new: published on 1 May 2024."),
    ],
)
def test_the_reason_is_the_signal_that_lifted_the_item_most(signal, because, reason):
    catalogue = make_catalogue([[1, 0.1], [1, 0], [0, 1], [1, 0.2], [0.1, 1], [0, 1]])
    users = users_table({"user_id": "u", "history": ["N5", "N0"]})
    high, low = ({signal: 0.9}, {signal: 0.1}) if signal != "relevance" else ({}, {})
    score = (lambda pairs: np.array([0.1, 0.9], np.float32)) if signal == "relevance" else None
    table = make_reranker(catalogue, score, weights={**NONE, signal: 1.0})(
        users, candidates_table(("u", {"N4": low, "N1": high}))
    )
    first, second = table.to_pylist()
    assert (first["news_id"], first["because_news_id"], first["reason"]) == ("N1", because, reason)
    assert second["because_news_id"] is None and second["reason"] == "To widen the page: “politics”."


def test_affinity_names_the_category():
    users = users_table({"user_id": "u", "history": ["N0"]})
    offered = candidates_table(("u", {"N1": {}, "N2": {}}))
    first, second = make_reranker(weights={**NONE, "affinity": 1.0})(users, offered).to_pylist()
    assert first["reason"] == "Because you often read “sports”." and first["because_news_id"] is None
    assert second["reason"] == "To widen the page: “science”."


@pytest.mark.parametrize(("column", "named"), [("subcategory", "“golf”"), ("source", "golf")])
def test_affinity_is_of_subcategories_and_sources_too(column, named):
    signal = f"{column}_affinity"
    users = users_table({"user_id": "u", "history": ["N0", "N1", "N2"]})
    offered = candidates_table(("u", {"N3": {}, "N4": {}, "N5": {}}))
    catalogue = make_catalogue(**{column: ["golf", "golf", "chess", "golf", "chess", ""]})
    rows = make_reranker(catalogue, weights={**NONE, signal: 1.0})(users, offered).to_pylist()
    assert [row[signal] for row in rows] == [pytest.approx(2 / 3), pytest.approx(1 / 3), None]
    assert rows[0]["reason"] == f"Because you often read {named}."


def test_the_article_behind_a_reason_is_the_nearest_of_the_history():
    catalogue = make_catalogue([[1, 0], [0, 1], [1, 0.3], [0.3, 1], [0.5, 0.5], [-1, -1]])
    users = users_table({"user_id": "u", "history": ["N0", "N1"]})
    offered = candidates_table(("u", {"N2": {"two_tower": 0.8}, "N3": {"two_tower": 0.8}, "N5": {"two_tower": -0.9}}))
    rows = {row["news_id"]: row for row in make_reranker(catalogue)(users, offered).to_pylist()}
    assert rows["N2"]["because_news_id"] == "N0" and rows["N3"]["because_news_id"] == "N1"
    assert rows["N5"]["because_news_id"] is None


def test_a_signal_that_is_the_same_for_all_lifts_none():
    users = users_table({"user_id": "u", "history": ["N0"]})
    offered = candidates_table(("u", {f"N{n}": {"two_tower": 0.1, "freshness": 0.3} for n in (2, 3)}))
    reasons = make_reranker()(users, offered)["reason"].to_pylist()
    assert reasons == ["To widen the page: “science”.", "To widen the page."]  # not the same sentence twice


def test_a_reader_known_by_their_words_alone_is_told_of_them():
    users = users_table({"user_id": "u", "profile": "chess"})
    offered = candidates_table(("u", {"N1": {"two_tower": 0.9}, "N2": {"two_tower": 0.1}}))
    table = make_reranker()(users, offered)
    assert table["reason"][0].as_py() == "Because you asked for “chess”." and table["because_news_id"].null_count == 2


def test_the_nearest_history_comes_first_and_ties_go_to_the_newer():
    catalogue = make_catalogue([[1, 0], [0, 1], [1, 0], [1, 1], [1, 0.1], [0.1, 1]])
    assert nearest_history(catalogue, [0, 1, 2, 3], [4, 5], 3).tolist() == [[2, 0, 3], [1, 3, 2]]
    assert nearest_history(catalogue, [1], [4, 5], 3).tolist() == [[1], [1]]
    assert nearest_history(catalogue, [], [4, 5], 3).shape == (2, 0)
    assert nearest_history(catalogue, [1], [], 3).shape == (0, 0)


def test_an_article_that_was_read_twice_counts_once():
    catalogue = make_catalogue([[1, 0], [0.9, 0.1], [0.8, 0.2], [0, 1], [0, 1], [1, 0]])
    assert nearest_history(catalogue, [0, 1, 0, 2], [5], 3).tolist() == [[0, 1, 2]]


def test_a_pair_is_the_nearest_headlines_and_the_candidate():
    catalogue = make_catalogue()
    pairs = make_pairs(catalogue, np.array([[0, 2], [3, 1]]), [4, 5])
    assert pairs == [
        ("Title 0 ; Title 2", "politics: Title 4"),
        ("Title 3 ; Title 1", "Title 5"),
    ]
    assert make_pairs(catalogue, np.zeros((1, 0), np.int64), [0]) == [("", "sports: Title 0")]
    assert candidate_text("A", "") == "A"
