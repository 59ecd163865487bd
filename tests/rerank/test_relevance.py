import numpy as np
import pytest

from broadsheet.rerank.cross_encoder.earlier_scores import EarlierScores
from broadsheet.rerank.relevance import expected, first, stand_in, to_read
from tests.rerank.test_reranker import NONE, candidates_table, make_catalogue, make_reranker
from tests.support.stage_contract import users_table

USERS = users_table({"user_id": "u", "history": ["N5"]})
OFFERED = ("u", {f"N{number}": {"two_tower": score} for number, score in enumerate((0.1, 0.6, 0.2, 0.4))})
"""By the two-tower score, which stands in for the relevance, N1 and N3 come first, then N2, then N0."""
OPINIONS = {"N1": 0.5, "N3": 0.4}
WEIGHTS = {**NONE, "relevance": 1.0, "two_tower": 1.0}


def reader_of(opinions):
    """A cross-encoder that has an opinion of some articles only, found by their titles "Title N"."""
    catalogue = make_catalogue(title=[f"Title {number}" for number in range(6)])

    def score(pairs):
        return np.array([opinions[f"N{candidate[-1]}"] for _, candidate in pairs], np.float32)

    return catalogue, score


def rows_of(**options):
    table = make_reranker(*reader_of(OPINIONS), weights=WEIGHTS, **options)(USERS, candidates_table(OFFERED))
    return table, {row["news_id"]: row for row in table.to_pylist()}


def test_the_cross_encoder_reads_only_the_first_candidates_by_all_other_signals():
    _, rows = rows_of(reads=2)
    assert {name for name, row in rows.items() if row["pair_hash"] is not None} == {"N1", "N3"}
    assert [rows[name]["relevance"] for name in ("N1", "N3")] == pytest.approx([0.5, 0.4])


def test_what_is_not_read_has_the_relevance_that_its_stand_in_leads_to_expect():
    # From prior 0.4 to 0.6 relevance rises by 0.1: slope 0.5, so N2 (0.2) expects 0.3 and N0 (0.1) expects 0.25.
    table, rows = rows_of(reads=2)
    assert [rows[name]["relevance"] for name in ("N2", "N0")] == pytest.approx([0.3, 0.25])
    assert [rows[name]["fused"] for name in ("N1", "N3", "N2", "N0")] == pytest.approx([0.55, 0.4, 0.25, 0.175])
    assert table["news_id"].to_pylist() == ["N1", "N3", "N2", "N0"]


def test_scores_that_nothing_read_are_not_taken_over_by_the_next_night():
    table, rows = rows_of(reads=2)
    assert EarlierScores({"0": table}).of(["u"]) == {
        rows["N1"]["pair_hash"]: np.float32(0.5),
        rows["N3"]["pair_hash"]: np.float32(0.4),
    }
    counts = EarlierScores({"0": table}).count(table)
    assert counts["reused"] == 2 and counts["scored"] == 0


def test_all_are_read_if_the_reader_has_no_more_candidates_than_may_be_read():
    catalogue, score = reader_of({f"N{number}": number / 10 for number in range(4)})
    table = make_reranker(catalogue, score, weights=WEIGHTS, reads=4)(USERS, candidates_table(OFFERED))
    assert table["pair_hash"].null_count == 0
    found = dict(zip(table["news_id"].to_pylist(), table["relevance"].to_pylist(), strict=True))
    assert found == pytest.approx({"N0": 0.0, "N1": 0.1, "N2": 0.2, "N3": 0.3})


def test_a_reader_without_a_history_is_read_nothing_and_has_no_relevance():
    def refuse(pairs):
        raise AssertionError("nothing to read")

    users = users_table({"user_id": "u", "profile": "chess"})
    table = make_reranker(make_catalogue(), refuse, weights=WEIGHTS, reads=2)(users, candidates_table(OFFERED))
    assert table["relevance"].null_count == table["pair_hash"].null_count == 4


def test_the_scorer_stands_in_and_for_readers_whom_it_did_not_score_the_towers():
    signals = {
        "attention": np.array([[0.9, 0.8], [np.nan, np.nan]]),
        "two_tower": np.array([[0.1, 0.2], [0.3, np.nan]]),
    }
    found = stand_in(signals, np.array([[True, True], [True, True]]))
    assert found.tolist() == [[0.9, 0.8], [0.3, 0.0]], "an absent two-tower score counts as 0"
    signals["attention"][0, 1] = np.nan
    assert stand_in(signals, np.array([[True, False], [True, True]]))[0, 0] == 0.9, "padding lacks a score"


def test_of_equal_scores_the_first_candidate_is_read():
    scores = np.array([[0.5, 0.7, 0.5, 0.5], [0.1, 0.2, 9.0, 9.0]])
    there = np.array([[True] * 4, [True, True, False, False]])
    assert first(scores, there, 2).tolist() == [[True, True, False, False], [True, True, False, False]]
    assert first(scores, there, 3)[1].tolist() == [True, True, False, False]


def test_an_expected_relevance_is_a_rising_line_within_0_and_1():
    prior = np.array([[0.2, 0.6, 0.1, 3.0], [0.2, 0.6, 0.1, 0.9], [0.4, 0.4, 0.1, 0.9], [0.1, 0.2, 0.3, 0.4]])
    relevance = np.array([[0.3, 0.5, 0, 0], [0.5, 0.3, 0, 0], [0.5, 0.3, 0, 0], [np.nan, 0.3, 0.4, 0]])
    read = np.array([[True, True, False, False]] * 3 + [[True, True, True, False]])
    found = expected(relevance, prior, read)
    assert found[0].tolist() == pytest.approx([0.3, 0.5, 0.25, 1.0]), "never above 1"
    assert found[1].tolist() == pytest.approx([0.4] * 4), "a falling line becomes the mean"
    assert found[2].tolist() == pytest.approx([0.4] * 4), "a prior that is the same for all says nothing"
    assert found[3].tolist() == pytest.approx([0.2, 0.3, 0.4, 0.5]), "a damaged score does not count"
    assert np.isnan(expected(np.full((1, 2), np.nan), np.ones((1, 2)), np.ones((1, 2), bool))).all()


def test_the_first_round_reads_the_first_of_the_page_and_the_lowest_and_the_next_reads_on_from_the_top():
    # Twelve candidates; the page turns their order around, so that 11 comes first. Candidate 1 scores lowest.
    score, order = np.array([[5.0, 0, *range(1, 11)]]), np.arange(12)[::-1][None]
    there, nothing = np.ones((1, 12), bool), np.zeros((1, 12), bool)

    def page(estimate):
        return score, order

    new = to_read(page, score, there, nothing, 10)
    assert np.flatnonzero(new).tolist() == [1, *range(3, 12)]
    assert np.flatnonzero(to_read(page, score, there, new, 11)).tolist() == [2]


def test_a_reader_with_few_candidates_has_all_read_beside_a_reader_with_many():
    there = np.array([[True] * 12, [True, True] + [False] * 10])
    order = np.array([np.arange(12), [1, 0] + [-1] * 10])
    new = to_read(lambda estimate: (estimate, order), np.zeros((2, 12)), there, np.zeros((2, 12), bool), 10)
    assert new[0].sum() == 10 and new[1].tolist() == [True, True] + [False] * 10


def test_the_cross_encoder_reads_what_diversity_brings_to_the_page():
    # N1 is nearly N0, so the second place of a diverse page is N2's, though its score is lower.
    catalogue = make_catalogue([[1, 0], [1, 0.01], [0, 1], [1, 1], [1, 1], [1, 1]])
    offered = ("u", {"N0": {"two_tower": 0.9}, "N1": {"two_tower": 0.89}, "N2": {"two_tower": 0.5}})

    def read(**policy):
        score = make_reranker(catalogue, lambda pairs: np.full(len(pairs), 0.5), weights=WEIGHTS, reads=2, **policy)
        rows = score(USERS, candidates_table(offered)).to_pylist()
        return {row["news_id"] for row in rows if row["pair_hash"] is not None}

    assert read() == {"N0", "N1"}
    assert read(diversity=0.7) == {"N0", "N2"}
