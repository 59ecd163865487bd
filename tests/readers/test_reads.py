"""What is known of reads: only what had happened and had ended before the moment that is asked for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.readers.audience import Audience
from broadsheet.readers.reads import READS, ReadLog, acts_of, reads_of, with_reads
from broadsheet.readers.state import reader_states
from broadsheet.tables.arrow_files import empty, from_rows
from broadsheet.tables.schemas import CLICKS, USERS
from tests.support.stage_contract import catalogue_of, hours, unit

NOW = hours(10)
SECOND = 1 / 3600


def clicks_of(*rows):
    """Clicks from (user, article, seconds before now, seconds read, scroll[, event])."""
    names = ("user_id", "news_id", "time", "dwell_seconds", "scroll", "event")
    made = [(user, news, hours(10 - before * SECOND), *rest) for user, news, before, *rest in rows]
    return from_rows([dict(zip(names, (*row, "click")[:6], strict=True)) for row in made], CLICKS)


def known(clicks, history=("A",), user="u"):
    (found,) = ReadLog(clicks)([user], [history], [NOW.timestamp()])
    return found.tolist()


def expect(*rows):
    return [pytest.approx(list(row), nan_ok=True) for row in rows]


NAN = float("nan")


def test_each_article_of_a_history_has_its_age_its_seconds_and_its_scroll_and_an_article_never_read_has_none():
    clicks = clicks_of(("u", "A", 500, 40.0, 0.5), ("u", "B", 90, None, None), ("v", "C", 70, 5.0, 1.0))
    assert READS == ("age_seconds", "dwell_seconds", "scroll")
    assert known(clicks, ("B", "C", "A")) == expect((90, NAN, NAN), (NAN, NAN, NAN), (500, 40, 0.5))
    assert known(clicks, ("A",), "nobody") == expect((NAN, NAN, NAN))


def test_how_long_and_how_far_an_article_is_read_is_not_known_before_the_read_ends():
    assert known(clicks_of(("u", "A", 30, 40.0, 0.5))) == expect((30, NAN, NAN))
    assert known(clicks_of(("u", "A", 41, 40.0, 0.5))) == expect((41, 40, 0.5))


def test_a_scroll_without_the_seconds_of_the_read_counts_after_half_an_hour():
    assert known(clicks_of(("u", "A", 1799, None, 0.5))) == expect((1799, NAN, NAN))
    assert known(clicks_of(("u", "A", 1801, None, 0.5))) == expect((1801, NAN, 0.5))


def test_of_several_reads_of_an_article_the_last_has_the_age_and_the_longest_and_deepest_count():
    clicks = clicks_of(("u", "A", 900, 60.0, 0.2), ("u", "A", 500, 9.0, 0.9), ("u", "A", 100, 300.0, 1.0))
    assert known(clicks) == expect((100, 60, 0.9))


def test_a_like_is_a_read_and_hiding_is_not():
    assert known(clicks_of(("u", "A", 50, 20.0, 0.3), ("u", "A", 40, None, None, "like"))) == expect((40, 20, 0.3))
    assert known(clicks_of(("u", "A", 50, 20.0, 0.3, "hide"))) == expect((NAN, NAN, NAN))


EVENT = st.tuples(st.sampled_from("uv"), st.sampled_from("AB"), st.floats(-1e4, 0), st.floats(0, 900), st.floats(0, 1))


@settings(deadline=None, max_examples=50)
@given(st.lists(EVENT, min_size=1, max_size=8))
def test_clicks_at_the_moment_or_after_it_change_nothing(planted):
    before = [("u", "A", 500, 40.0, 0.5), ("u", "A", 20, 60.0, 1.0), ("u", "B", 90, 10.0, 0.1)]
    alone = ReadLog(clicks_of(*before))(["u"], [["A", "B"]], [NOW.timestamp()])
    with_later = ReadLog(clicks_of(*planted, *before))(["u"], [["A", "B"]], [NOW.timestamp()])
    np.testing.assert_array_equal(alone, with_later)


def test_several_readers_are_looked_up_as_of_a_moment_each():
    log = ReadLog(clicks_of(("u", "A", 500, 40.0, 0.5), ("v", "A", 200, 30.0, 0.1)))
    asked = [NOW.timestamp(), NOW.timestamp() - 300, NOW.timestamp()]
    found = log(["u", "u", "v"], [["A"], ["A"], ["A"]], asked)
    assert [one[0].tolist() for one in found] == expect((500, 40, 0.5), (200, 40, 0.5), (200, 30, 0.1))
    assert log([], [], []) == [] and ReadLog(empty(CLICKS))(["u"], [["A"]], [0.0])[0].shape == (1, 3)


def test_a_state_has_the_reads_of_its_history_and_a_reader_only_those_of_articles_in_the_catalogue():
    catalogue = catalogue_of(unit(np.eye(3)))  # N0, N1, N2
    clicks = clicks_of(("u", "N1", 300, 40.0, 0.5), ("u", "gone", 200, 3.0, 0.1), ("u", "N2", 100, 20.0, 0.9))
    users = Audience(empty(USERS), clicks).state(["u", "nobody"], NOW)
    assert users["history"].to_pylist() == [["N1", "gone", "N2"], []]
    u, nobody = reader_states(users, catalogue)
    assert u.history == [1, 2] and u.reads.tolist() == expect((300, 40, 0.5), (100, 20, 0.9))
    assert nobody.reads.shape == (0, 3) and set(u.user) == {"user_id", "history", "profile", "hidden"}


def test_reads_are_the_same_after_they_stood_in_a_table_and_a_row_without_them_has_none():
    rows = [{"user_id": name, "history": history} for name, history in (("u", ["A", "B"]), ("v", []), ("w", ["A"]))]
    users = from_rows([{"profile": "", "hidden": [], **row} for row in rows], USERS)
    assert reads_of(users) == [None, None, None] and reads_of(users.slice(0, 0)) == []
    reads = [np.array([[1, NAN, 0.5], [NAN, 3, NAN]], np.float32), np.zeros((0, 3), np.float32), np.ones((1, 3))]
    acts = [np.array([1, 16]), np.zeros(0, np.int64), np.array([3])]
    table = with_reads(users, reads, acts)
    assert acts_of(users) == [None] * 3 and [one.tolist() for one in acts_of(table)] == [[1, 16], [], [3]]
    assert table.schema.equals(USERS, check_metadata=True)
    for found, given_reads in zip(reads_of(table), reads, strict=True):
        np.testing.assert_array_equal(found, given_reads)
    np.testing.assert_array_equal(reads_of(table.slice(2))[0], reads[2])
