"""Old events in files by day, each event in one place or, after a kill, in both."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from broadsheet.errors import ContractError
from broadsheet.live.events import archive
from broadsheet.live.events.archive import archive_events, archive_of
from broadsheet.live.events.stores.sqlite_store import SqliteEvents
from broadsheet.live.events.stores.stored_rows import micros
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.event_schemas import EVENTS
from tests.support.events import event, page

NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)


def received(store, *days_ago):
    """Append an event for each number, received at noon that number of days ago."""
    first = store.last() + 1
    store.append([event("click", news_id=f"N{days}") for days in days_ago])
    with closing(sqlite3.connect(store.path)) as database, database:
        for sequence, days in enumerate(days_ago, first):
            time = micros(NOON - timedelta(days=days))
            database.execute("UPDATE events SET received = ? WHERE sequence = ?", (time, sequence))


def archived(bare, days):
    path = archive_of(bare, (NOON - timedelta(days=days)).date())
    return read_table(path, EVENTS).column("sequence").to_pylist() if path.exists() else None


@pytest.fixture
def store(bare):
    return SqliteEvents(bare)


def test_whole_days_that_are_old_enough_are_moved_and_the_rest_stays(bare, store):
    received(store, 12, 12, 10, 8, 7, 0)
    assert archive_events(bare, store, store.last()) == 3
    assert (archived(bare, 12), archived(bare, 10), archived(bare, 8)) == ([1, 2], [3], None)
    assert store.after(0).column("sequence").to_pylist() == [4, 5, 6] and store.last() == 6


def test_what_no_build_has_carried_yet_is_not_moved(bare, store):
    received(store, 12, 12, 12)
    assert archive_events(bare, store, 0) == 0 and archived(bare, 12) is None
    assert archive_events(bare, store, 2) == 2 and archived(bare, 12) == [1, 2]
    assert archive_events(bare, store, 3) == 1 and archived(bare, 12) == [1, 2, 3]  # behind what the file has


def test_a_day_is_written_in_pieces_and_a_clock_that_was_set_back_does_no_harm(bare, store, monkeypatch):
    monkeypatch.setattr(archive, "AT_ONCE", 2)
    received(store, 12, 12, 12, 13, 12, 11)
    assert archive_events(bare, store, 6) == 6
    assert (archived(bare, 12), archived(bare, 13), archived(bare, 11)) == ([1, 2, 3, 5], [4], [6])


def test_a_kill_between_the_file_and_the_removal_leaves_no_event_twice_in_the_archive(bare, store, monkeypatch):
    received(store, 12, 12)
    with monkeypatch.context() as killed:
        killed.setattr(store, "remove_up_to", lambda sequence: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            archive_events(bare, store, 2)
    assert archived(bare, 12) == [1, 2] and store.after(0).num_rows == 2
    assert archive_events(bare, store, 2) == 2 and archived(bare, 12) == [1, 2]


def test_a_damaged_file_of_the_archive_keeps_the_events_in_the_store(bare, store):
    received(store, 12, 12)
    archive_events(bare, store, 1)
    archive_of(bare, (NOON - timedelta(days=12)).date()).write_bytes(b"damaged")
    with pytest.raises(ContractError, match="not a whole Arrow IPC file"):
        archive_events(bare, store, 2)
    assert store.after(0).num_rows == 1


def test_a_page_comes_back_from_the_archive_as_it_was_logged(bare, store):
    shown = page("p1", propensity=[0.1, 1 / 3, 1.0], seed=2**62)
    store.append([shown])
    with closing(sqlite3.connect(store.path)) as database, database:
        database.execute("UPDATE events SET received = ?", (micros(NOON - timedelta(days=12)),))
    (before,) = store.after(0).to_pylist()
    archive_events(bare, store, 1)
    (found,) = read_table(archive_of(bare, (NOON - timedelta(days=12)).date()), EVENTS).to_pylist()
    assert found == before and found["propensity"] == shown["propensity"]
