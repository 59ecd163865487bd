"""What `broadsheet status` says of events."""

from broadsheet.live.events.archive import archive_of
from broadsheet.live.events.stores.sqlite_store import SqliteEvents
from broadsheet.operations.events_state import events_line, events_state
from broadsheet.tables.arrow_files import write_table
from broadsheet.tables.event_schemas import EVENTS
from broadsheet.tables.schemas import CLICKS
from tests.support.events import NOW, bare_newsroom, event


def test_events_are_told_by_their_store_their_number_what_waits_and_the_last(tmp_path):
    room = bare_newsroom(tmp_path / "newsroom")
    store = SqliteEvents(room)
    name = f"SQLite file {store.path}"
    assert events_line(events_state(room)) == f"Events: none in the store ({name})." and not store.path.exists()
    store.append([event("click", news_id="N1", ago=ago) for ago in (90, 60, 30)])
    write_table(room.clicks, CLICKS.empty_table(), CLICKS, events="1")
    write_table(archive_of(room, NOW.date()), EVENTS.empty_table(), EVENTS)
    state = events_state(room)
    assert (state["kept"], state["for_the_next_build"], state["archived_days"]) == (3, 2, 1)
    assert events_line(state) == (
        f"Events: 3 in the store ({name}), of which 2 wait for the next build. The last happened "
        f"{state['last'][:16].replace('T', ' ')} UTC. The archive has 1 day."
    )


def test_a_store_that_is_gone_is_told_and_not_taken_for_no_events(tmp_path):
    room = bare_newsroom(tmp_path / "newsroom")
    store = SqliteEvents(room)
    store.append([event("click", news_id="N1")])
    store.close()
    for path in room.events.glob("events.sqlite*"):
        path.unlink()
    state = events_state(room)
    assert "kept" not in state and "the event store of this newsroom is gone" in events_line(state)


def test_a_database_that_cannot_be_reached_is_told_without_its_password(tmp_path):
    room = bare_newsroom(tmp_path / "newsroom")
    room.config_file.write_text('events = "postgresql://ann:s3cr3t@127.0.0.1:1/news"\n')
    line = events_line(events_state(room))
    assert line.startswith("Events: PostgreSQL database news on 127.0.0.1: the event store failed")
    assert "s3cr3t" not in line
