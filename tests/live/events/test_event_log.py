"""What is known of pages, articles and readers decides which events are taken."""

import json

import pandas as pd
import pyarrow as pa
import pytest

from broadsheet.errors import InputError
from broadsheet.live.events.event_log import TOO_MANY, EventLog, given_events
from broadsheet.live.events.known import KnownArticles
from broadsheet.live.events.limits import MOST_IN_A_MINUTE
from broadsheet.live.events.stores.sqlite_store import SqliteEvents
from broadsheet.tables.arrow_files import from_rows, write_table
from broadsheet.tables.schemas import NEWS
from tests.support.events import event, page


def refusals(report):
    return dict(report.refused)


def stored(log):
    return log._store.after(0).to_pylist()


def test_a_page_and_what_happened_on_it_are_taken_from_one_call_in_any_order(log):
    report = log([event("click", page_id="p1", slot=2), event("view", page_id="p1", slot=1, seconds=2), page("p1")])
    assert dict(report.taken) == {"page": 1, "click": 1, "view": 1} and not report.refused and report.new == 3
    assert [(row["kind"], row["slot"], row["news_id"]) for row in stored(log)] == [
        *(("page", None, None), ("click", 2, "N2"), ("view", 1, "N1"))
    ]


def test_an_act_gets_its_slot_its_article_and_its_region_from_its_page(log):
    log([page("p1", shown=["N3", "N1"], region="north")])
    log([event("click", page_id="p1", news_id="N1"), event("dwell", page_id="p1", slot=1, seconds=9, region="south")])
    assert [(row["slot"], row["news_id"], row["region"]) for row in stored(log)[1:]] == [
        *((2, "N1", "north"), (1, "N3", "south"))
    ]


def test_a_page_of_another_process_is_known_by_the_store(log, bare):
    EventLog(SqliteEvents(bare), KnownArticles(bare))([page("p1")])
    assert log([event("click", page_id="p1", slot=1)]).taken["click"] == 1


REFUSED = [
    (event("click", page_id="p9", slot=1), "unknown page", "found 'p9' in a click"),
    (event("click", news_id="N9"), "unknown article", "found 'N9' in a click"),
    (page("p2", shown=["N1", "N9"]), "unknown article", "found 'N9' on page 'p2'"),
    (event("click", page_id="p1", slot=4), "no such slot on its page", "found slot 4 of 3 on page 'p1'"),
    (event("click", page_id="p1", slot=1, news_id="N2"), "another article is in this slot", "found 'N2' in slot 1"),
    (event("click", page_id="p1", news_id="N9"), "article is not on its page", "found 'N9' on 'p1'"),
    (event("click", "tom", page_id="p1", slot=1), "on another reader's page", "found 'tom' on 'p1'"),
    (event("click", ago=361, page_id="p1", slot=1), "before its page", "found a click at "),
    (event("undo", undoes="never"), "undoes an unknown event", "found 'never'"),
    (event("clik", news_id="N1"), "unknown kind", "found 'clik'"),
]


@pytest.mark.parametrize("row, reason, example", REFUSED, ids=[reason for _, reason, _ in REFUSED])
def test_one_event_that_cannot_be_taken_is_counted_by_its_reason_and_the_rest_is_taken(log, row, reason, example):
    report = log([page("p1"), row, event("click", page_id="p1", slot=1)])
    assert dict(report.taken) == {"page": 1, "click": 1} and refusals(report) == {reason: 1}
    assert report.examples[reason].startswith(example) and len(stored(log)) == 2


def test_an_act_may_be_five_minutes_before_its_page_since_two_clocks_differ(log):
    assert log([page("p1"), event("click", ago=359, page_id="p1", slot=1)]).taken["click"] == 1


def test_a_reader_whom_the_site_does_not_know_may_read_a_page_and_log_in_on_it(log):
    report = log([page("p1", ""), event("click", "", page_id="p1", slot=1), event("click", page_id="p1", slot=2)])
    assert dict(report.taken) == {"page": 1, "click": 2}


def test_an_undo_has_the_place_of_what_it_takes_back_and_only_its_reader_can_undo(log):
    like, mute = event("like", news_id="N2"), event("mute", field="source", value="Fox")
    log([like, mute])
    undos = [event("undo", undoes=like["event_id"]), event("undo", undoes=mute["event_id"])]
    report = log([*undos, event("undo", "tom", undoes=like["event_id"]), event("undo", undoes=undos[0]["event_id"])])
    assert dict(report.taken) == {"undo": 2}
    assert refusals(report) == {"undoes another reader's event": 1, "undoes a page or an undo": 1}
    assert [(row["news_id"], row["field"], row["value"]) for row in stored(log)[2:]] == [
        *(("N2", None, None), (None, "source", "Fox"))
    ]
    assert refusals(log([event("undo", undoes=undos[0]["event_id"])])) == {"undoes a page or an undo": 1}
    assert log([event("undo", undoes=like["event_id"])]).repeated == 1  # it is undone already


def test_what_is_undone_may_stand_in_the_same_call(log):
    like = event("like", news_id="N2")
    assert dict(log([event("undo", undoes=like["event_id"]), like]).taken) == {"like": 1, "undo": 1}


def test_an_event_sent_again_under_another_reader_gives_that_reader_no_right_to_undo_it(log):
    like = event("like", news_id="N2")
    log([like])
    report = log([like | {"user_id": "tom"}, event("undo", "tom", undoes=like["event_id"])])
    assert refusals(report) == {"undoes another reader's event": 1} and report.repeated == 1
    assert log([event("undo", undoes=like["event_id"])]).new == 1


def test_more_events_of_a_reader_than_a_person_makes_in_a_minute_are_counted_and_others_go_on(log):
    robot = [event("click", "robot", news_id="N1") for _ in range(MOST_IN_A_MINUTE + 7)]
    report = log([*robot[:-3], event("click", "tom", news_id="N1")])
    report = log(robot[-3:], report)
    reason = TOO_MANY
    assert refusals(report) == {reason: 7} and report.taken["click"] == MOST_IN_A_MINUTE + 1
    assert report.examples[reason].startswith("reader 'robot' at ")
    assert dict(log([event("click", "robot", ago=120, news_id="N1")]).taken) == {"click": 1}


def test_events_of_a_minute_that_are_sent_again_count_once(log):
    sent = [event("click", "tom", news_id="N1") for _ in range(MOST_IN_A_MINUTE // 2 + 50)]
    log(sent)
    for _ in range(3):
        again = log(sent)
        assert again.repeated == len(sent) and not again.refused
    more = [event("click", "tom", news_id="N1") for _ in range(MOST_IN_A_MINUTE - len(sent) + 4)]
    report = log([*sent, *more])
    assert report.new == MOST_IN_A_MINUTE - len(sent) and refusals(report) == {TOO_MANY: 4}
    assert len(stored(log)) == MOST_IN_A_MINUTE


def test_readers_whom_the_site_does_not_know_are_not_one_reader(log):
    report = log([event("click", "", news_id="N1") for _ in range(MOST_IN_A_MINUTE + 7)])
    assert report.taken["click"] == MOST_IN_A_MINUTE + 7 and not report.refused
    robot = [event("click", "", page_id="p1", slot=1) for _ in range(MOST_IN_A_MINUTE + 1)]
    assert log([page("p1", ""), *robot]).refused.total() == 1, "but those on a page are of one reader"


def test_a_page_whose_id_another_page_has_is_refused_and_the_first_stays(log):
    log([page("p1", shown=["N1", "N2"])])
    report = log([page("p1", shown=["N3", "N2"])])
    assert refusals(report) == {"a page whose page_id is taken": 1} and report.taken.total() == report.repeated == 0
    assert refusals(log([event("click", page_id="p1", news_id="N3")])) == {"article is not on its page": 1}
    twice = [page("p2", shown=["N1"]), page("p2", shown=["N3"]), event("click", page_id="p2", slot=1)]
    report = log(twice)
    assert dict(report.taken) == {"page": 1, "click": 1} and report.refused.total() == 1
    assert stored(log)[-1]["news_id"] == "N1"


def test_events_that_were_sent_before_are_taken_once_and_told(log):
    rows = [page("p1"), event("click", page_id="p1", slot=1)]
    log(rows)
    report = log([*rows, event("click", page_id="p1", slot=2)])
    assert (report.taken.total(), report.repeated, report.new) == (3, 2, 1) and len(stored(log)) == 3


def test_an_article_that_an_import_brings_is_known_with_the_next_event(log, bare):
    assert refusals(log([event("click", news_id="N4")])) == {"unknown article": 1}
    texts = ("title", "abstract", "body", "category", "subcategory", "language", "source", "url", "content_hash")
    rows = [{"news_id": f"N{number}", **dict.fromkeys(texts, "text"), "kept": []} for number in (3, 4)]
    write_table(bare.news, from_rows(rows, NEWS), NEWS)
    report = log([event("click", news_id="N4"), event("click", news_id="N1")])
    assert report.taken["click"] == 1 and report.examples["unknown article"] == "found 'N1' in a click"


def test_events_come_as_a_mapping_a_list_or_a_table_of_any_library(log):
    click = event("click", news_id="N1")
    rows = [event("dwell", news_id="N1", seconds=2.5), event("click", news_id="N2")]
    for events in (click, iter([click]), pd.DataFrame(rows), pa.Table.from_pylist(rows)):
        assert not log(given_events(events)).refused
    assert [row["seconds"] for row in stored(log)] == [None, 2.5, None]
    for wrong in ("click", 7, None):
        with pytest.raises(InputError, match="events: found"):
            log(given_events(wrong))
    assert refusals(log(given_events([7, click]))) == {"not an event": 1}


def test_the_account_is_a_text_for_people_and_a_document_for_programs(log):
    report = log([page("p1"), event("click", news_id="N1", colour="red"), event("click", news_id="N9"), 7])
    assert str(report).splitlines()[:3] == ["taken: 2 events", "           1  page", "           1  click"]
    assert "fields that were not taken: click: colour (1)" in str(report)
    assert str(report).splitlines()[-2:] == [
        "           1  not an event (found 7; expected a mapping from field to value)",
        "           1  unknown article (found 'N9' in a click)",
    ]
    document = json.loads(json.dumps(report.to_dict()))
    assert document["taken"] == {"page": 1, "click": 1} and document["refused"]["unknown article"] == 1
    assert str(log([])) == "taken: 0 events\nrefused: nothing"
