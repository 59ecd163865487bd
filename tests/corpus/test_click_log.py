import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.corpus.click_log import make_click_log, read_click_log
from broadsheet.tables.arrow_files import empty, from_rows
from broadsheet.tables.schemas import CLICKS
from tests.support.stage_contract import catalogue_of, hours

CATALOGUE = catalogue_of(np.eye(3))


def click(user_id, news_id, hour, event="click"):
    return {"user_id": user_id, "news_id": news_id, "time": hours(hour), "event": event, "dwell_seconds": None}


def test_a_log_is_in_order_of_time_with_a_number_for_each_reader():
    table = from_rows([click("b", "N2", 3), click("a", "N0", 1), click("b", "N1", 2)], CLICKS)
    log = read_click_log(table, CATALOGUE)
    assert log.rows.tolist() == [0, 1, 2]
    assert log.times.tolist() == [hours(hour).timestamp() for hour in (1, 2, 3)]
    assert log.users[1] == log.users[2] != log.users[0]


def test_hides_are_no_reading_and_unknown_articles_are_left_out():
    events = ("hide", "like", "comment", "share", "save", "click")
    rows = [click("a", "N0", hour, event) for hour, event in enumerate(events)]
    log = read_click_log(from_rows([*rows, click("a", "GONE", 9)], CLICKS), CATALOGUE)
    assert log.times.tolist() == [hours(hour).timestamp() for hour in range(1, 6)]


def test_a_table_of_several_chunks_numbers_a_reader_once():
    parts = [from_rows([click(user, "N0", hour)], CLICKS) for hour, user in enumerate("abca")]
    log = read_click_log(pa.concat_tables(parts), CATALOGUE)
    assert log.users[0] == log.users[3] and len(set(log.users.tolist())) == 3


def test_a_table_without_clicks_is_an_empty_log():
    log = read_click_log(empty(CLICKS), CATALOGUE)
    assert len(log) == 0 == len(log.before(1e9))
    assert (log.users.dtype, log.rows.dtype, log.times.dtype) == (np.int64, np.int64, np.float64)


@given(st.lists(st.integers(0, 9), max_size=20), st.integers(-1, 10), st.integers(-1, 10))
def test_a_slice_holds_the_clicks_strictly_before_one_time_and_not_before_another(times, as_of, since):
    numbers = np.arange(len(times))
    log = make_click_log(numbers, 2 * numbers, np.array(times, np.float64))
    cut = log.before(as_of, since)
    assert sorted(cut.users.tolist()) == [n for n, time in enumerate(times) if since <= time < as_of]
    assert (cut.rows == 2 * cut.users).all() and (np.diff(cut.times) >= 0).all()
    assert len(log.before(as_of)) == sum(time < as_of for time in times)


def test_clicks_of_readers_whom_the_site_does_not_know_are_not_those_of_one_reader():
    table = from_rows([click(user, "N1", hour) for hour, user in enumerate(("", "maya", "", "eve", "maya"))], CLICKS)
    log = read_click_log(table, CATALOGUE)
    assert len(log) == 5 and len(set(log.users.tolist())) == 4
    assert log.users[1] == log.users[4] and log.readers[int(log.users[1])].as_py() == "maya"
