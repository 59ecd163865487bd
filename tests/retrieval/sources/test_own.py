import numpy as np
import pytest

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.errors import OwnPartError
from broadsheet.own_parts import OwnParts, OwnSignal, OwnSource, ReaderState
from broadsheet.readers.state import reader_state
from broadsheet.retrieval.sources.own import OwnProposals, ask_signals, ask_sources
from tests.retrieval.readers import reader as asking
from tests.retrieval.test_retriever import WEIGHTS, candidates, make_retriever
from tests.support.stage_contract import NOON, catalogue_of, lists_by_user

CATALOGUE = catalogue_of(np.eye(4))
READER = reader_state({"user_id": "u", "history": ["N0"], "profile": "", "hidden": []}, CATALOGUE)


def source(returned):
    return OwnParts(sources={"picks": OwnSource(lambda *asked: returned)})


def signal(call):
    return OwnParts(signals={"near": OwnSignal(call)})


def test_a_source_is_asked_with_the_reader_the_articles_the_time_and_a_number():
    def picks(reader, catalogue, as_of, n):
        assert isinstance(reader, ReaderState) and isinstance(catalogue, Catalogue) and (as_of, n) == (NOON, 5)
        return [("N1", 0.5), ("N3", 2.0), ("N0", 1.0)]

    found = ask_sources(OwnParts(sources={"picks": OwnSource(picks)}), READER, CATALOGUE, NOON, 5)
    assert [values.tolist() for values in found["picks"]] == [[3, 0, 1], [2.0, 1.0, 0.5]]


def test_what_a_source_proposes_leaves_out_what_the_reader_may_not_see_and_scores_only_its_own():
    proposals = OwnProposals("picks", np.array([False, True, False, False]))
    rows, scores = np.array([3, 1, 0, 2]), np.array([4.0, 3.0, 2.0, 1.0])
    asks = asking(excluded=[0])
    asks = type(asks)(**{**vars(asks), "own": {"picks": (rows, scores)}})
    assert proposals.propose(asks, 9).tolist() == [3, 2] and proposals.propose(asks, 1).tolist() == [3]
    np.testing.assert_array_equal(proposals(asks, np.array([2, 3])), [1.0, 4.0])


def test_a_signal_reads_the_articles_in_their_order_under_the_readers_own_id():
    def near(reader, articles, as_of):
        assert reader.user_id == "person" and as_of == NOON
        return [float(news_id[1:]) for news_id in articles["news_id"].to_pylist()]

    replayed = type(READER)(**{**vars(READER), "person": "person"})
    assert ask_signals(signal(near), replayed, CATALOGUE, NOON, [2, 0])["near"].tolist() == [2.0, 0.0]
    assert ask_signals(OwnParts(), READER, CATALOGUE, NOON, [2, 0]) == {}


def test_wrong_returns_name_the_source_or_the_signal():
    with pytest.raises(OwnPartError, match=r"^own source picks \(.*\) returned the article 'GONE', which this edition"):
        ask_sources(source([("GONE", 1.0)]), READER, CATALOGUE, NOON, 5)
    with pytest.raises(OwnPartError, match=r"^own signal near \(.*\) returned 1 values, expected 2"):
        ask_signals(signal(lambda reader, articles, as_of: [1.0]), READER, CATALOGUE, NOON, [2, 0])
    with pytest.raises(OwnPartError, match=r"^own signal near \(.*\) raised ZeroDivisionError"):
        ask_signals(signal(lambda reader, articles, as_of: 1 / 0), READER, CATALOGUE, NOON, [2, 0])


def test_a_source_of_the_sites_own_is_not_asked_for_readers_who_only_say_what_to_read_about():
    asked = []

    def picks(reader, catalogue, as_of, n):
        asked.append(reader.user_id)
        return [("N9", 1.0)]

    retriever, _ = make_retriever(own=OwnParts(sources={"picks": OwnSource(picks)}), weights=WEIGHTS | {"picks": 9.0})
    users = [{"user_id": "a", "history": ["N0"]}, {"user_id": "b", "profile": "north"}, {"user_id": "c"}]
    lists = lists_by_user(candidates(retriever, *users))
    assert asked == ["a", "c"] and lists["a"][0]["news_id"] == "N9" and len(lists["b"]) == 3


def test_a_source_of_weight_0_is_not_called_and_brings_no_article():
    def off(reader, catalogue, as_of, n):
        raise AssertionError("a source of weight 0 was called")

    own = OwnParts(sources={"off": OwnSource(off, weight=0), "on": OwnSource(lambda *asked: [("N9", 1.0)])})
    retriever, _ = make_retriever(own=own, weights=WEIGHTS | {"off": 0.0, "on": 9.0})
    found = candidates(retriever, {"user_id": "a", "history": ["N0"]})
    assert found["news_id"][0].as_py() == "N9"
    assert {one["name"] for row in found["own"].to_pylist() for one in row if one["value"] is not None} == {"on"}
