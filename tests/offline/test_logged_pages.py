"""Pages as they were logged: what was clicked on them, and what was taken back."""

from datetime import UTC, datetime, timedelta

import pytest

from broadsheet.config.settings import Config
from broadsheet.live.events.archive import archive_of
from broadsheet.live.events.store import open_events
from broadsheet.newsroom import Newsroom
from broadsheet.offline.logged_pages import read_pages
from broadsheet.tables.arrow_files import write_table
from broadsheet.tables.event_schemas import EVENTS

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def page(page_id, minutes, propensity=(0.5, 0.25), user_id="maya"):
    about = {"kind": "page", "page_id": page_id, "shown": ["N1", "N2"], "propensity": propensity}
    about |= {"conditional": propensity, "event_id": page_id, "user_id": user_id}
    return about | {"time": NOON + timedelta(minutes=minutes)}


def act(kind, event_id, page_id, slot, **further):
    about = {"kind": kind, "event_id": event_id, "page_id": page_id, "slot": slot, "user_id": "maya"}
    return about | {"news_id": f"N{slot}", "time": NOON + timedelta(minutes=3)} | further


@pytest.fixture
def logged(tmp_path):
    room = Newsroom(tmp_path / "room")
    room.news.parent.mkdir(parents=True)
    room.news.touch()
    store = open_events(room, Config())
    events = [
        page("P1", 0),
        act("click", "e1", "P1", 2),
        act("view", "e2", "P1", 1),
        page("P2", 1),
        act("click", "e3", "P2", 1),
        act("undo", "e4", "P2", 1, undoes="e3"),
        page("P3", 2, None),
        page("P4", 2),
    ]
    store.append(events)
    yield room, store
    store.close()


def test_a_page_has_its_probabilities_and_the_slots_that_were_read_and_not_taken_back(logged):
    pages, without = read_pages(*logged)
    assert [(one.page_id, one.clicked) for one in pages] == [
        ("P1", [False, True]),
        ("P2", [False, False]),
        ("P4", [False, False]),
    ]
    assert pages[0].propensity == pages[0].conditional == [0.5, 0.25]
    assert without == 1


def test_each_page_knows_when_the_latest_event_before_it_happened(logged):
    pages, _ = read_pages(*logged)
    assert [one.earlier for one in pages] == [None, NOON + timedelta(minutes=3), NOON + timedelta(minutes=3)]


def test_events_that_are_in_the_archive_too_count_once(logged):
    room, store = logged
    write_table(archive_of(room, NOON.date()), store.after(0).slice(0, 4), EVENTS)
    assert read_pages(room, store) == read_pages(room, store)
    assert len(read_pages(room, store)[0]) == 3
