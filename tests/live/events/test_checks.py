"""One event at a time: what is taken in which form, and what is refused with which reason."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import numpy as np
import pytest

from broadsheet.live.events.checks import checked_event, left_out
from broadsheet.live.events.kinds import KINDS
from broadsheet.tables.event_schemas import EVENTS
from broadsheet.tables.times import TimeReader
from broadsheet.tables.values import SkipRow
from tests.support.events import NOW, event, page


def checked(row, **more):
    return checked_event(row, TimeReader(), NOW, **more)


def refused(row, **more):
    with pytest.raises(SkipRow) as found:
        checked(row, **more)
    return f"{found.value} ({found.value.example})" if found.value.example else str(found.value)


GOOD = [
    page("p1"),
    page("p1", shown=[]),
    event("view", page_id="p1", slot=1, seconds=0.5),
    event("view", page_id="p1", news_id="N1"),
    event("click", page_id="p1", slot=3),
    event("click", news_id="N1"),
    event("dwell", news_id="N1", seconds=0),
    event("scroll", page_id="p1", news_id="N1", scroll=1),
    *(event(kind, news_id="N1") for kind in ("like", "dislike", "comment", "share", "save", "hide", "report")),
    event("follow", field="topic", value="chess"),
    event("mute", field="source", value="Fox", page_id="p1"),
    event("undo", undoes="e1"),
]


@pytest.mark.parametrize("row", GOOD, ids=lambda row: row["kind"])
def test_an_event_of_each_kind_is_taken_as_it_is(row):
    assert checked(row) == row


def test_every_kind_is_tried_and_every_field_is_a_column():
    assert {row["kind"] for row in GOOD} == set(KINDS)
    assert {name for kind in KINDS.values() for name in (*kind.needs, *kind.takes)} <= set(EVENTS.names)


def test_values_in_other_forms_are_read():
    row = {"event_id": UUID(int=7), "kind": "dwell", "user_id": 12.0, "news_id": b"N1", "seconds": "1.5", "slot": "2"}
    zone = timezone(timedelta(hours=2))
    row |= {"time": NOW.astimezone(zone).isoformat(), "page_id": np.int64(5), "region": " Köln ", "scroll": None}
    found = checked(row)
    assert found == {
        **{"event_id": "00000000-0000-0000-0000-000000000007", "kind": "dwell", "user_id": "12", "time": NOW},
        **{"seconds": 1.5, "page_id": "5", "slot": 2, "news_id": "N1", "region": "Köln"},
    }
    micros = int(NOW.timestamp() * 1e6)
    for time in (micros, np.datetime64(NOW.replace(tzinfo=None), "ns"), NOW.isoformat().replace("+00:00", "Z")):
        assert abs(checked(event("click", news_id="N1") | {"time": time})["time"] - NOW) < timedelta(microseconds=2)


def test_missing_values_of_data_frames_are_no_values():
    nan = float("nan")
    found = checked(event("click", news_id="N1", page_id=nan, slot=None, region=nan))
    assert set(found) == {"event_id", "kind", "user_id", "time", "news_id"}


CLICK = event("click", news_id="N1")
BAD = [
    ("click on N1", "not an event (found 'click on N1'; expected a mapping from field to value)"),
    (CLICK | {"kind": "clik"}, "unknown kind (found 'clik'; expected page, view, click, dwell,"),
    (CLICK | {"kind": ["click"]}, "unknown kind (found ['click']"),
    (CLICK | {"event_id": None}, "no event_id (in a click)"),
    (CLICK | {"event_id": "x" * 201}, "event_id longer than 200 characters"),
    (CLICK | {"event_id": "a\nb"}, "event_id: id with control characters"),
    (CLICK | {"event_id": " "}, "event_id: empty id"),
    (CLICK | {"user_id": 1.5}, "user_id: id is neither text nor a whole number (found 1.5)"),
    (event("like", "", news_id="N1"), "no reader (a like needs a user_id)"),
    (CLICK | {"time": None}, "no time"),
    (CLICK | {"time": "soon"}, "unreadable time (found 'soon'"),
    (event("click", ago=-3601, news_id="N1"), "time more than an hour ahead of this machine's clock (found "),
    (event("click", ago=7 * 86_400 + 1, news_id="N1"), "time more than seven days ago (found "),
    (event("click"), "no news_id (in a click)"),
    (event("view", news_id="N1"), "no page_id (in a view)"),
    (event("click", page_id="p1"), "neither slot nor news_id (in a click)"),
    (event("click", news_id="N1", slot=1), "a slot without page_id (in a click)"),
    (event("click", page_id="p1", slot=0), "wrong slot (found 0; expected a whole number from 1 to 1000)"),
    (event("click", page_id="p1", slot=1.5), "wrong slot (found 1.5"),
    (event("click", page_id="p1", slot=True), "wrong slot (found 0"),
    (event("dwell", news_id="N1"), "no seconds (in a dwell)"),
    (event("dwell", news_id="N1", seconds=-1), "unreadable seconds (found '-1'; expected a number from 0 to 86400)"),
    (event("scroll", news_id="N1", scroll=1.5), "unreadable scroll (found '1.5'; expected a number from 0 to 1)"),
    (event("follow", field="author", value="Ada"), "wrong field (found 'author' in a follow; expected category,"),
    (event("mute", field="topic", value="tea"), "wrong field (found 'topic' in a mute; expected category, source)"),
    (event("follow", field="topic"), "no value (in a follow)"),
    (event("follow", field="topic", value="x" * 201), "value longer than 200 characters"),
    (event("follow", field="topic", value="a\x1b[2J"), "value with control characters"),
    (event("undo"), "no undoes (in a undo)"),
    (page("p1") | {"shown": None}, "no shown (in a page)"),
    (page("p1") | {"shown": "N1"}, "shown is not a list (found 'N1')"),
    (page("p1", shown=["N1", "N1"]), "an article is on the page twice (found 'N1')"),
    (page("p1", shown=[str(n) for n in range(1001)]), "a page of more than 1000 articles (found 1,001)"),
    (page("p1", explored=4), "wrong explored (found 4 for 3 articles)"),
    (page("p1", explored=-1), "wrong explored (found -1; expected a whole number from 0 to 1000)"),
    (page("p1", propensity=[0.5]), "propensity of another length than shown (found 1 for 3 articles)"),
    (page("p1", propensity=[0.5, 0.0, 1.0]), "wrong propensity (found 0.0; expected numbers above 0 and at most 1)"),
    (page("p1", conditional=[0.5, None, 1.0]), "wrong conditional (found None"),
    (page("p1", seed=2**63), "wrong seed (found 9223372036854775808"),
]


@pytest.mark.parametrize("row, told", BAD, ids=[f"{number}" for number in range(len(BAD))])
def test_what_is_wrong_is_refused_with_its_reason(row, told):
    assert refused(row).startswith(told)


def test_a_clock_may_be_an_hour_ahead_and_an_event_seven_days_old():
    for ago in (-3599, 7 * 86_400 - 1):
        assert checked(event("click", ago=ago, news_id="N1"))


def test_an_archive_takes_events_of_any_age_and_none_of_the_future():
    old = event("click", news_id="N1") | {"time": datetime(2019, 11, 14, tzinfo=UTC)}
    assert checked(old, is_archive=True) == old and "seven days" in refused(old)
    assert "ahead" in refused(event("click", ago=-4000, news_id="N1"), is_archive=True)


def test_fields_that_a_kind_does_not_take_are_named():
    row = event("click", news_id="N1", seconds=3, colour="red", scroll=None)
    assert left_out(row, "click") == ["seconds", "colour"] and left_out(CLICK, "click") == []


def test_the_usual_forms_of_a_time_are_read_as_any_reader_of_times_reads_them():
    for behind in ("00Z", "07.250Z", "07.250001+00:00", "60Z"):  # the last is a leap second
        text = f"{NOW - timedelta(hours=1):%Y-%m-%dT%H:%M}:{behind}"
        assert checked(CLICK | {"time": text})["time"] == TimeReader()(text)
    assert refused(CLICK | {"time": "2026-02-30T10:00:00Z"}).startswith("unreadable time (found '2026-02-30T10:00:00Z'")
