"""The store inside the newsroom: what it says of a disk, a file or a process that fails it."""

import multiprocessing
import os
import shutil
import sqlite3
from contextlib import closing

import pytest

from broadsheet.errors import ContractError, DiskError, NewsroomError
from broadsheet.live.events.store import Appended, open_events
from broadsheet.live.events.stores.sqlite_store import SqliteEvents
from broadsheet.newsroom import Newsroom
from tests.support.events import event, page


def click():
    return event("click", news_id="N1")


@pytest.fixture
def store(bare):
    found = SqliteEvents(bare)
    found.append([click(), click()])
    yield found
    found.close()


def test_nothing_is_made_before_the_first_event(bare):
    store = open_events(bare, bare.config())
    assert store.last() == 0 and store.after(0).num_rows == 0 and not bare.events.exists()
    with pytest.raises(NewsroomError, match="no newsroom here"):
        SqliteEvents(Newsroom(bare.path / "nowhere")).append([click()])
    assert not (bare.path / "nowhere").exists()


def test_an_event_is_synced_before_it_is_acknowledged(store):
    with store._writer() as database:
        assert database.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_full_disk_takes_no_event_of_the_call_and_later_calls_go_on(store):
    with store._writer() as database:
        pages = database.execute("PRAGMA page_count").fetchone()[0]
        database.execute(f"PRAGMA max_page_count = {pages + 1}")
    with pytest.raises(DiskError, match=r"events.sqlite: .*full.* No event of this call was taken; .*Free some space"):
        store.append([event("click", news_id="N" * 200) for _ in range(200)])
    assert store.last() == 2 and store.append([click()]) == Appended(1, 0)


def test_a_damaged_file_is_told_with_what_to_do(store):
    store.close()
    content = bytearray(store.path.read_bytes())
    content[:64] = b"\0" * 64
    store.path.write_bytes(content)
    for call in (store.last, lambda: store.append([click()]), lambda: store.after(0)):
        with pytest.raises(ContractError, match=r"not the event store as it was written .* Restore it from a copy"):
            call()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write any file")
def test_a_file_that_this_user_may_not_write_is_told(store):
    store.close()
    store.path.chmod(0o444)
    store.path.parent.chmod(0o555)
    try:
        with pytest.raises(NewsroomError, match="writable for this user"):
            store.append([click()])
    finally:
        store.path.parent.chmod(0o755)


def test_a_store_that_is_read_only_is_told(store):
    with store._writer() as database:
        database.execute("PRAGMA query_only = 1")
    with pytest.raises(NewsroomError, match=r"cannot be opened or written .*No event of this call was taken"):
        store.append([click()])


def test_a_store_that_is_gone_is_not_taken_for_no_store(store, bare):
    shutil.rmtree(bare.events)
    for call in (store.last, lambda: store.append([click()]), lambda: SqliteEvents(bare).after(0)):
        with pytest.raises(NewsroomError, match=r"the event store of this newsroom is gone.* delete .*notes/events"):
            call()
    (bare.notes / "events").unlink()
    assert store.last() == 0


def test_a_note_that_a_killed_process_did_not_make_is_made_with_the_next_event(store, bare):
    (bare.notes / "events").unlink()
    again = SqliteEvents(bare)
    assert again.append([click()]) == Appended(1, 0) and (bare.notes / "events").is_file()


def test_a_store_that_was_replaced_by_an_older_copy_is_told_by_who_wrote_more(store, tmp_path):
    store.close()
    older = shutil.copy(store.path, tmp_path / "older.sqlite")
    store.append([click()])
    store.close()
    shutil.copy(older, tmp_path / "again.sqlite")
    (tmp_path / "again.sqlite").replace(store.path)
    with pytest.raises(NewsroomError, match="its last event is 2, and this process has written event 3"):
        store.append([click()])


def test_a_store_of_another_version_is_refused(store):
    store.close()
    with closing(sqlite3.connect(store.path)) as database:
        database.execute("PRAGMA user_version = 3")
    with pytest.raises(NewsroomError, match="found version 3 of the event store, expected 2"):
        store.last()


def test_a_store_of_version_1_gets_the_column_that_came_since_and_keeps_its_events(store):
    store.append([click()])
    store.close()
    with closing(sqlite3.connect(store.path)) as database:
        database.executescript(
            "DROP INDEX pages_explored; ALTER TABLE events DROP COLUMN explored; PRAGMA user_version = 1"
        )
    assert store.append([click(), page("p1", explored=2)]) == Appended(2, 0)
    *before, last = store.after(0).column("explored").to_pylist()
    assert last == 2 and before == [None] * (store.last() - 1)


def log_one(newsroom, number):
    SqliteEvents(newsroom).append([{**click(), "event_id": f"child-{number}", "user_id": f"u{number}"}])


def test_several_processes_make_the_store_at_once_and_write_to_it(bare):
    forks = multiprocessing.get_context("fork")
    children = [forks.Process(target=log_one, args=(bare, number)) for number in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join(30)
    table = SqliteEvents(bare).after(0)
    assert table.column("sequence").to_pylist() == [1, 2, 3, 4]
    assert set(table.column("user_id").to_pylist()) == {"u0", "u1", "u2", "u3"}
