"""Events that change what earlier nights carried, and acts that an import has brought, too."""

from datetime import UTC, datetime

import pytest

from broadsheet.live.events.event_log import EventLog
from broadsheet.live.events.known import KnownArticles
from broadsheet.live.events.stores.sqlite_store import SqliteEvents
from broadsheet.nightly.carry_events import carry_events
from broadsheet.tables.arrow_files import from_rows, read_table, write_table
from broadsheet.tables.schemas import CLICKS, USERS
from tests.support.events import bare_newsroom, event


@pytest.fixture
def room(tmp_path):
    room = bare_newsroom(tmp_path / "newsroom")
    write_table(room.clicks, CLICKS.empty_table(), CLICKS)
    write_table(room.users, USERS.empty_table(), USERS)
    return room


@pytest.fixture
def log(room):
    return EventLog(SqliteEvents(room), KnownArticles(room))


def night(room):
    with room.lock():
        carry_events(room, SqliteEvents(room))
    rows = read_table(room.clicks, CLICKS).to_pylist()
    return [(row["user_id"], row["event"], row["news_id"], row["dwell_seconds"]) for row in rows]


def test_a_hide_that_is_taken_back_nights_later_is_taken_back_in_the_corpus(room, log):
    hide = event("hide", news_id="N1", ago=60)
    log([hide, event("click", news_id="N2", ago=50)])
    assert night(room) == [("maya", "hide", "N1", None), ("maya", "click", "N2", None)]
    for ago in (40, 30):
        log([event("click", "tom", news_id="N3", ago=ago)])
        night(room)
    log([event("undo", undoes=hide["event_id"])])
    assert [row[:3] for row in night(room)] == [
        *(("maya", "click", "N2"), ("tom", "click", "N3"), ("tom", "click", "N3"))
    ]


def test_an_act_that_an_import_has_brought_already_stands_once_with_what_its_event_knows(room, log):
    time = datetime.now(UTC).replace(microsecond=0)
    click = event("click", news_id="N1") | {"time": time}
    imported = {"user_id": "maya", "news_id": "N1", "time": time, "event": "click"}
    others = [imported | {"news_id": "N2"}, imported | {"user_id": "tom"}, imported | {"user_id": ""}]
    write_table(room.clicks, from_rows([imported, *others], CLICKS), CLICKS)
    log([click, event("dwell", news_id="N1", seconds=9) | {"time": time}, event("click", "", news_id="N1", ago=60)])
    assert night(room) == [
        *(("maya", "click", "N2", None), ("tom", "click", "N1", None), ("", "click", "N1", None)),
        *(("", "click", "N1", None), ("maya", "click", "N1", 9.0)),
    ]
