import sqlite3

import pytest

from broadsheet.live.events.sqlite_store import SqliteEvents
from broadsheet.nightly.archive_events import archive_events
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.event_schemas import EVENTS
from tests.support.events import bare_newsroom, event

DAY = 86_400 * 10**6


@pytest.fixture
def store(tmp_path):
    """A store with seven events: three of 10 days ago, two of 9 days ago, and two of today."""
    found = SqliteEvents(bare_newsroom(tmp_path / "room"))
    found.append([event("click", news_id=f"N{number}") for number in (1, 2, 3, 1, 2, 3, 1)])
    with sqlite3.connect(found.path) as database:
        for days, up_to in ((1, 3), (9, 5)):
            database.execute("UPDATE events SET received = received - ? WHERE sequence <= ?", (days * DAY, up_to))
    database.close()
    yield found
    found.close()


def archived(room):
    return [read_table(path, EVENTS).column("sequence").to_pylist() for path in sorted(room.events.glob("*.arrow"))]


def test_old_events_that_every_edition_holds_lie_in_files_by_day_and_no_longer_in_the_store(store):
    room = store._newsroom
    before = store.after(0)
    assert archive_events(room, store, held=4) == 4 and archived(room) == [[1, 2, 3], [4]]
    assert store.after(0).column("sequence").to_pylist() == [5, 6, 7]
    assert archive_events(room, store, held=7) == 1 and archived(room) == [[1, 2, 3], [4, 5]]
    assert archive_events(room, store, held=7) == 0 and store.after(0).column("sequence").to_pylist() == [6, 7]
    assert read_table(sorted(room.events.glob("*.arrow"))[0], EVENTS).equals(before.slice(0, 3))


def test_an_archiving_that_was_killed_before_the_removal_leaves_each_event_once_in_its_file(store, monkeypatch):
    room = store._newsroom
    with monkeypatch.context() as patched:
        patched.setattr(SqliteEvents, "remove_up_to", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            archive_events(room, store, held=7)
    assert archive_events(room, store, held=7) == 5 and archived(room) == [[1, 2, 3], [4, 5]]
    assert store.after(0).column("sequence").to_pylist() == [6, 7]
