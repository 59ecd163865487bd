"""What every event store keeps of its word."""

import multiprocessing
import threading
from datetime import timedelta

import pytest

from broadsheet.live.events.event_log import EventLog
from broadsheet.live.events.known import KnownArticles
from broadsheet.live.events.store import Appended
from broadsheet.live.events.stores.sqlite_store import SqliteEvents
from broadsheet.tables.arrow_files import write_table
from broadsheet.tables.event_schemas import EVENTS
from broadsheet.tables.schemas import CLICKS
from tests.support.events import NOW, event, page

FORKS = multiprocessing.get_context("fork")


def column(table, name):
    return table.column(name).to_pylist()


def test_an_empty_store_has_the_number_0_and_empty_tables(store):
    assert store.last() == 0 and store.remove_up_to(10) == 0 and store.append([]) == Appended(0, 0)
    for table in (store.after(0), store.pages(["p"]), store.with_ids(["e"]), store.between(NOW, NOW)):
        assert table.num_rows == 0 and table.schema.equals(EVENTS, check_metadata=True)


def test_events_come_back_as_they_were_given_in_the_order_of_their_numbers(store):
    shown = page("p1", edition="2026", policy="epsilon", policy_version="v1", seed=2**63 - 1, experiment="x", arm="b")
    shown |= {"propensity": [0.1, 1 / 3, 1.0], "conditional": [0.1, 0.25, 1.0], "region": "Köln"}
    given = [
        shown,
        event("view", page_id="p1", slot=2, news_id="N2", seconds=1.5, region="Köln"),
        event("scroll", "", news_id="N1", scroll=0.25),
        event("mute", field="topic", value="Fußball ⚽"),
        event("undo", undoes="e1"),
    ]
    assert store.append(given) == Appended(5, 0)
    table = store.after(0)
    assert column(table, "sequence") == [1, 2, 3, 4, 5] and store.last() == 5
    found = [{name: value for name, value in row.items() if value is not None} for row in table.to_pylist()]
    received = [row.pop("received") for row in found]
    assert all(abs(time - NOW) < timedelta(minutes=10) for time in received)
    assert [{k: v for k, v in row.items() if k != "sequence"} for row in found] == given
    assert table.schema.equals(EVENTS, check_metadata=True)


def test_the_explored_pages_of_readers_are_found_from_their_receipt_on(store, age):
    pages = [("p1", "ann", 2), ("p2", "ann", 3), ("p3", "ann", 0), ("p4", "ben", 1), ("p5", "cid", 1)]
    for page_id, user, explored in pages:
        store.append([page(page_id, user, explored=explored), page(f"other-{page_id}", user)])
    age(store, 2)
    since = NOW - timedelta(days=1)
    found = store.explored_pages(["ann", "ben"], since)
    assert sorted(zip(column(found, "page_id"), column(found, "explored"), strict=True)) == [("p2", 3), ("p4", 1)]
    assert store.explored_pages(["dan"], since).num_rows == 0


def test_an_event_that_is_sent_again_is_there_once(store):
    first, second = event("click", news_id="N1"), event("click", news_id="N2")
    assert store.append([first, first]) == Appended(1, 1)
    assert store.append([second, first, second | {"news_id": "N3"}]) == Appended(1, 2)
    assert column(store.after(0), "news_id") == ["N1", "N2"] and store.last() == 2


def test_a_page_is_there_once_by_its_page_id_and_an_event_is_undone_once(store):
    store.append([page("p1"), event("undo", undoes="e")])
    assert store.append([page("p1"), event("undo", undoes="e"), page("p2"), page("p2")]) == Appended(1, 3)
    assert column(store.after(0), "kind") == ["page", "undo", "page"]


def test_what_comes_after_a_number_is_read_in_parts(store):
    store.append([event("click", news_id=f"N{number}") for number in range(7)])
    assert column(store.after(0, 3), "sequence") == [1, 2, 3]
    assert column(store.after(3, 3), "news_id") == ["N3", "N4", "N5"]
    assert column(store.after(6), "sequence") == [7] and store.after(7).num_rows == 0


def test_pages_and_events_are_found_by_their_ids(store):
    click = event("click", page_id="p2", slot=1, news_id="N1")
    store.append([page("p1"), page("p2", "tom"), click])
    assert sorted(column(store.pages(["p2", "p1", "p9"]), "user_id")) == ["maya", "tom"]
    assert column(store.pages(["p2"]), "kind") == ["page"]  # and not the click on it
    assert column(store.with_ids([click["event_id"], "none"]), "news_id") == ["N1"]
    assert store.pages([]).num_rows == 0


def test_a_span_of_time_has_its_beginning_and_lacks_its_end(store):
    store.append([event("click", ago=seconds, news_id=f"N{seconds}") for seconds in (0, 30, 10, 20)])
    found = store.between(NOW - timedelta(seconds=20), NOW)
    assert column(found, "news_id") == ["N10", "N20"]


def test_a_sound_store_has_no_problem_and_events_that_are_missing_are_told(store, age, without):
    assert store.problems() == []
    store.append([event("click", news_id=f"N{number}") for number in range(1, 6)])
    age(store, up_to=1)
    store.remove_up_to(1)
    assert store.problems() == []
    without(store, 3)
    (problem,) = store.problems()
    assert problem.endswith("found 3 events from number 2 on, expected 4 up to 5")


def test_only_events_received_more_than_eight_days_ago_are_removed_and_numbers_go_on(store, age):
    store.append([event("click", news_id=f"N{number}") for number in range(4)])
    assert store.remove_up_to(4) == 0 and store.last() == 4
    age(store, up_to=3)
    assert store.remove_up_to(2) == 2 and column(store.after(0), "sequence") == [3, 4]
    assert store.remove_up_to(9) == 1 and store.last() == 4  # the fourth is too young
    store.append([event("click", news_id="N9")])
    assert column(store.after(0), "sequence") == [4, 5]


def test_callers_of_many_threads_get_their_own_answers_and_numbers_without_a_gap(store):
    answers = {}

    def send(name):
        answers[name] = [
            store.append([event("click", f"u{name}", news_id=f"N{turn}"), event("share", f"u{name}", news_id="N")])
            for turn in range(5)
        ]

    threads = [threading.Thread(target=send, args=(name,)) for name in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(answers) == set(range(12)) and all(answer == [Appended(2, 0)] * 5 for answer in answers.values())
    table = store.after(0)
    assert column(table, "sequence") == list(range(1, 121))
    for name in range(12):  # and those of one caller are in the order of its calls
        mine = [row["news_id"] for row in table.to_pylist() if row["user_id"] == f"u{name}" and row["kind"] == "click"]
        assert mine == [f"N{turn}" for turn in range(5)]


def test_a_store_that_is_made_anew_numbers_behind_the_events_that_the_corpus_has(store, bare):
    write_table(bare.clicks, CLICKS.empty_table(), CLICKS, events="1000")
    store.append([event("click", news_id="N1"), event("click", news_id="N2")])
    assert store.after(0).column("sequence").to_pylist() == [1001, 1002] and store.last() == 1002
    assert store.problems() == []
    bare.clicks.unlink()
    store.append([event("click", news_id="N1")])
    assert store.last() == 1003


def test_a_closed_store_opens_again_with_the_next_call(store):
    store.append([event("click", news_id="N1")])
    store.close()
    assert store.last() == 1
    store.close()
    assert store.append([event("click", news_id="N2")]) == Appended(1, 0) and store.after(0).num_rows == 2


def test_an_event_that_no_database_can_hold_costs_nobody_else_their_events(store):
    for wrong in ({"time": "no time"}, {"slot": 2**70}):
        with pytest.raises(Exception, match=r"str|large|big|range"):
            store.append([event("click", news_id="N0"), event("click", news_id="N1") | wrong])
    assert store.append([event("click", news_id="N2")]) == Appended(1, 0)
    assert column(store.after(0), "news_id") == ["N2"]


def test_a_number_too_small_for_a_database_is_kept_as_0(store, bare):
    rows = [event("dwell", news_id="N1", seconds=1e-46), event("scroll", news_id="N1", scroll=5e-324)]
    assert EventLog(store, KnownArticles(bare))(rows).new == 2
    assert column(store.after(0), "seconds") == [0.0, None] and column(store.after(0), "scroll") == [None, 0.0]


def test_the_acts_of_some_readers_are_found_without_their_pages_and_views(store):
    store.append([page("p1"), event("view", page_id="p1", slot=1), event("click", news_id="N1")])
    store.append([event("click", "eve", news_id="N2"), event("hide", news_id="N3"), event("click", "", news_id="N1")])
    assert column(store.of_readers(["maya"]), "kind") == ["click", "hide"]
    assert column(store.of_readers(["eve", "maya", "nobody"]), "news_id") == ["N1", "N2", "N3"]
    assert store.of_readers([]).num_rows == 0 and store.of_readers(["maya"]).schema.equals(EVENTS, check_metadata=True)


def test_a_forked_process_opens_the_store_anew_and_both_go_on(store):
    store.append([event("click", news_id="N1")])
    child = FORKS.Process(target=lambda: store.append([{**event("click", news_id="N2"), "event_id": "of-the-child"}]))
    child.start()
    child.join(30)
    assert child.exitcode == 0 and store.append([event("click", news_id="N3")]) == Appended(1, 0)
    assert column(store.after(0), "news_id") == ["N1", "N2", "N3"]


def test_blank_events_keep_their_numbers_and_nothing_else_of_a_reader(store):
    until = NOW + timedelta(minutes=1)
    mine = [
        page("p1"),
        event("click", page_id="p1", slot=1, news_id="N1"),
        event("follow", field="topic", value="chess"),
    ]
    others = [event("view", "", page_id="p1", slot=2), page("p2", "tom"), event("click", "tom", news_id="N2")]
    store.append([*mine, *others])
    assert sorted(store.user_ids()) == ["maya", "tom"]
    assert store.blank({"maya": until, "nobody": until}, []) == 4  # and the view on maya's page
    rows = store.after(0).to_pylist()
    assert [row["kind"] for row in rows] == [*["forgotten"] * 4, "page", "click"]
    for row in rows[:4]:
        kept = {name for name, value in row.items() if value}
        assert kept == {"sequence", "received", "event_id", "kind", "time"} and row["time"] == row["received"]
        assert (row["time"].hour, row["time"].minute, row["time"].microsecond) == (0, 0, 0)
    assert {row["event_id"] for row in rows}.isdisjoint(one["event_id"] for one in [*mine, others[0]])
    assert store.user_ids() == ["tom"] and store.problems() == []
    assert store.blank({"maya": until}, ["p2"]) == 1 and column(store.after(0), "kind")[-2:] == ["forgotten", "click"]


def test_what_a_reader_did_after_the_time_stays_and_so_does_what_a_sender_dates_ahead_only_after_it(store):
    ahead, earlier = event("click", ago=-1800, news_id="N1"), event("click", ago=7200, news_id="N2")
    store.append([ahead, earlier])
    assert store.blank({"maya": NOW - timedelta(hours=1)}, []) == 1
    assert column(store.after(0), "news_id") == ["N1", None]
    assert store.blank({"maya": NOW + timedelta(minutes=20)}, []) == 1  # it was received before


def test_no_byte_of_what_was_blanked_is_in_the_files_of_sqlite(bare):
    store = SqliteEvents(bare)
    store.append([page(f"page-of-{number}", "maya-the-reader", region="Quedlinburg") for number in range(500)])
    store.append([event("click", "tom", news_id="N1")])
    files = [store.path, store.path.with_name("events.sqlite-wal")]
    assert any(b"maya-the-reader" in path.read_bytes() for path in files)
    other = SqliteEvents(bare)
    assert len(other.after(0)) == 501  # another connection is open
    store.blank({"maya-the-reader": NOW + timedelta(hours=1)}, [])
    content = b"".join(path.read_bytes() for path in store.path.parent.iterdir())
    assert not any(text in content for text in (b"maya-the-reader", b"page-of-", b"Quedlinburg"))
    assert len(other.after(0)) == 501 and other.append([event("click", "tom", news_id="N2")]).new == 1
