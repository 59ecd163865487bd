import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.rerank.cross_encoder.earlier_scores import EarlierScores, score_with
from broadsheet.rerank.cross_encoder.pairs import pair_hash
from tests.rerank.test_reranker import CATEGORIES, candidates_table, make_catalogue, make_reranker
from tests.support.stage_contract import users_table

TITLES = [f"Title {number}" for number in range(6)]
OFFERED = ["N3", "N4", "N5"]


def judge(pairs):
    """A score that depends on what is read alone, and on every letter of it."""
    digests = [hashlib.sha256(repr(pair).encode()).digest() for pair in pairs]
    return np.array([int.from_bytes(digest[:3]) / 2**24 for digest in digests], np.float32)


class Reading:
    """Judges, and remembers what it read."""

    def __init__(self):
        self.pairs = []

    def __call__(self, pairs):
        self.pairs += pairs
        return judge(pairs)


class Night:
    """Articles, readers with their histories and what each is offered."""

    def __init__(self, histories, *, offered=OFFERED, **columns):
        self.catalogue = make_catalogue(**{"title": TITLES, **columns})
        self.users = users_table(*({"user_id": name, "history": list(read)} for name, read in histories.items()))
        self.offered = offered

    def rank(self, score):
        lists = [
            (name, {news: {"two_tower": 0.5} for news in self.offered}) for name in self.users["user_id"].to_pylist()
        ]
        return make_reranker(self.catalogue, score)(self.users, candidates_table(*lists))

    def after(self, *others):
        """Rank with what other nights know; returns the table, what was read, and what is said of it."""
        known, reading = EarlierScores({str(n): night.rank(judge) for n, night in enumerate(others)}), Reading()
        table = self.rank(score_with(known.of(self.users["user_id"].to_pylist()), reading))
        return table, reading.pairs, known.count(table), known


READERS = {"a": ["N0", "N1", "N2"], "b": [], "c": ["N2", "GONE"]}
NIGHT = Night(READERS)
READ = NIGHT.rank(judge)["pair_hash"].null_count  # of the reader without a history


def counts(scored, reused, **why):
    return {"scored": scored, "reused": reused, "new_readers": 0, "new_articles": 0, "changed": 0, **why}


def test_of_what_is_as_it_was_nothing_is_read_again_and_the_ranking_is_the_same():
    table, read, found, known = NIGHT.after(NIGHT)
    assert table.equals(NIGHT.rank(judge)) and not read and READ == 3
    assert found == counts(0, 6)
    assert known.describe(found) == "; 0 scores of the cross-encoder made, 6 taken over from 0: nothing changed"


def other(values, place, value):
    return [value if number == place else old for number, old in enumerate(values)]


CHANGES = {
    "the title of a candidate": (Night(READERS, title=other(TITLES, 3, "Title 3!")), counts(2, 4, changed=2)),
    "the section of a candidate": (Night(READERS, category=other(CATEGORIES, 3, "law")), counts(2, 4, changed=2)),
    "a title of the history": (Night(READERS, title=other(TITLES, 2, "Title")), counts(6, 0, changed=6)),
    "the section of a history": (Night(READERS, category=other(CATEGORIES, 2, "law")), counts(0, 6)),
    "another history": (Night(READERS | {"a": ["N0"]}), counts(3, 3, changed=3)),
    "no history before": (Night(READERS | {"b": ["N0"]}), counts(3, 6, changed=3)),
    "a new reader": (Night({**READERS, "d": ["N0"]}), counts(3, 6, new_readers=3)),
    "another candidate": (Night(READERS, offered=["N1", *OFFERED]), counts(2, 6, new_articles=2)),
    "other readers": (Night({"c": READERS["a"]}), counts(3, 0, changed=3)),
    "another order": (Night(dict(reversed(READERS.items())), offered=OFFERED[::-1]), counts(0, 6)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_reads_differently_is_read_again_and_nothing_else(change):
    night, expected = CHANGES[change]
    table, read, found, _ = night.after(NIGHT)
    assert table.equals(night.rank(judge))
    assert (found, len(read)) == (expected, expected["scored"])


def test_why_scores_are_made_again_is_said():
    night = Night({"a": ["N0", "N1", "N2"], "c": ["N0"], "d": ["N1"]}, offered=["N1", "N3"])
    _, _, found, known = night.after(NIGHT)
    assert known.describe(found) == (
        "; 5 scores of the cross-encoder made, 1 taken over from 0: 2 of new readers, "
        "2 of articles new to their reader, 1 of another history or text"
    )
    assert known.describe(counts(0, 0)) == ""
    assert EarlierScores({}).describe(counts(6, 0)).endswith("made, 0 taken over: nothing to take over")
    refused = EarlierScores({}, ["another cross-encoder", "a damaged file"])
    assert refused.describe(counts(6, 0)).endswith("0 taken over: all again: another cross-encoder, a damaged file")


def test_of_two_tables_the_last_one_counts():
    table = NIGHT.rank(judge)
    marked = NIGHT.rank(lambda pairs: np.full(len(pairs), 0.5, np.float32))
    assert set(EarlierScores({"0": table, "1": marked}).of(["a"]).values()) == {0.5}
    assert 0.5 not in EarlierScores({"0": marked, "1": table}).of(["a"]).values()


def test_a_score_that_is_absent_is_not_taken_over():
    absent = NIGHT.rank(lambda pairs: np.full(len(pairs), np.nan, np.float32))
    assert absent["pair_hash"].null_count == 3 and EarlierScores({"0": absent}).of(["a", "b", "c"]) == {}


def test_history_and_candidate_are_told_apart_in_the_name_of_a_pair():
    pairs = [("a", "bc"), ("ab", "c"), ("", "abc"), ("abc", ""), ("1", "1 "), ("", "1 1")]
    assert len({pair_hash(pair) for pair in pairs}) == len(pairs)
    assert pair_hash(("Vote ; Cup", "law: Court")) == "a063897b92c5e24f"


ARTICLE = st.sampled_from([f"N{number}" for number in range(6)])
NIGHTS = st.builds(
    Night,
    st.dictionaries(st.sampled_from("abcd"), st.lists(ARTICLE, max_size=4), min_size=1),
    offered=st.lists(ARTICLE, min_size=1, unique=True),
    title=st.lists(st.sampled_from(["Vote", "Cup", "Cup ; Vote"]), min_size=6, max_size=6),
    category=st.lists(st.sampled_from(["", "law"]), min_size=6, max_size=6),
)


@settings(max_examples=200, deadline=None)
@given(NIGHTS, st.lists(NIGHTS, max_size=2))
def test_whatever_changed_the_ranking_is_the_one_that_reading_all_again_gives(night, others):
    table, read, found, _ = night.after(*others)
    assert table.equals(night.rank(judge))
    assert found["scored"] == len(read) == sum(found[name] for name in ("new_readers", "new_articles", "changed"))
    assert found["reused"] == len(table) - table["pair_hash"].null_count - len(read)
    before = [row for other in others for row in other.rank(judge).to_pylist()]
    readers = night.users["user_id"].to_pylist()
    assert not {pair_hash(pair) for pair in read} & {row["pair_hash"] for row in before if row["user_id"] in readers}
