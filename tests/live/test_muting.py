"""The last word on a name holds, whether it was said by command or by an event."""

import pytest

from broadsheet.errors import InputError
from broadsheet.live.events.event_log import EventLog
from broadsheet.live.events.held import held_by_corpus
from broadsheet.live.events.known import KnownArticles
from broadsheet.live.events.stores.sqlite_store import SqliteEvents
from broadsheet.live.muting import mute, unmute
from broadsheet.nightly.carry_events import carry_events
from broadsheet.readers.mutes import open_mutes
from broadsheet.tables.arrow_files import write_table
from broadsheet.tables.schemas import CLICKS, USERS
from tests.support.events import event

SPORTS = {"field": "category", "value": "sports"}


@pytest.fixture
def room(bare):
    write_table(bare.clicks, CLICKS.empty_table(), CLICKS)
    write_table(bare.users, USERS.empty_table(), USERS)
    return bare


@pytest.fixture
def log(room):
    log = EventLog(SqliteEvents(room), KnownArticles(room))

    def logged(*events):
        assert not log(events).refused

    return logged


def night(room):
    """Carry the events into the corpus; returns the categories that maya mutes there."""
    with room.lock():
        carry_events(room, SqliteEvents(room))
    assert held_by_corpus(room) == SqliteEvents(room).last()
    return open_mutes(room.mutes)().of("maya")[0]


def test_what_was_muted_by_an_event_and_let_in_by_command_on_one_day_stays_let_in_at_night(room, log):
    log(event("mute", **SPORTS), event("mute", field="source", value="Fox"))
    assert unmute(room, "maya", ["sports"]) == ([], ["Fox"]), "what an event muted is told, too"
    assert night(room) == [] and open_mutes(room.mutes)().of("maya")[1] == ["Fox"]


def test_to_let_in_all_lets_in_what_events_muted(room, log):
    log(event("mute", **SPORTS))
    mute(room, "maya", ["arts"])
    assert unmute(room, "maya") == ([], []) and night(room) == []


def test_what_an_event_let_in_and_a_command_muted_later_stays_muted(room, log):
    by_event = event("mute", **SPORTS)
    log(by_event)
    log(event("undo", undoes=by_event["event_id"]))
    assert mute(room, "maya", ["sports"]) == (["sports"], []) and night(room) == ["sports"]
    log(event("follow", **SPORTS))
    assert mute(room, "maya", ["sports"]) == (["sports"], []) and night(room) == ["sports"]


def test_what_the_corpus_has_can_be_let_in_and_muted_by_an_event_again(room, log):
    log(event("mute", **SPORTS))
    assert night(room) == ["sports"]
    assert unmute(room, "maya", ["sports"]) == ([], []) and night(room) == []
    log(event("mute", **SPORTS))
    assert mute(room, "maya") == (["sports"], []) and night(room) == ["sports"]


def test_where_no_event_says_anything_a_command_makes_no_event_and_no_store(room, log):
    assert mute(room, "maya", ["sports"]) == (["sports"], []) and unmute(room, "maya") == ([], [])
    assert not SqliteEvents(room).path.exists()
    log(event("mute", "tom", **SPORTS), event("click", news_id="N1"))
    mute(room, "maya", ["sports"])
    assert SqliteEvents(room).last() == 2


def test_a_name_that_is_refused_changes_nothing(room, log):
    log(event("mute", **SPORTS))
    with pytest.raises(InputError, match="Nothing was changed"):
        mute(room, "maya", ["sp\u200borts"])
    assert SqliteEvents(room).last() == 1 and not room.mutes.exists()
