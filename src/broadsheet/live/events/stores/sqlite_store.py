"""The event store inside the newsroom: one SQLite file, in WAL mode, synced before an event is acknowledged.

A transaction is a few statements of many rows each. A statement for each row would let go of Python's lock and wait for
it again at each row, which among busy threads takes far longer than the work.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from broadsheet.errors import BroadsheetError, NewsroomError
from broadsheet.live.events.held import held_by_corpus
from broadsheet.live.events.limits import KEPT, MOST_READ
from broadsheet.live.events.stores.group_commit import Appended, GroupCommit
from broadsheet.live.events.stores.remembered import remembered
from broadsheet.live.events.stores.sqlite_blank import blank_events, write_anew
from broadsheet.live.events.stores.sqlite_errors import told
from broadsheet.live.events.stores.sqlite_file import Connection, make_file
from broadsheet.live.events.stores.stored_rows import (
    ALL_OF,
    NUMBERS,
    Row,
    asked,
    gap_in,
    micros,
    split_new,
    to_row,
    to_table,
)
from broadsheet.newsroom import Newsroom
from broadsheet.newsroom.notes import read_note, write_note
from broadsheet.readers.forgotten import ForgottenReaders
from broadsheet.tables.event_schemas import EVENTS
from broadsheet.tables.locks import ThreadLock, locked, transaction

REMOVED_AT_ONCE = 10_000
"""Events that a removal takes in one transaction, so that writers get in between."""

_NAMES = ", ".join(EVENTS.names)
_ROWS_AT_ONCE = (256, 64, 16, 4, 1)
_ONE_ROW = f"({', '.join('?' * len(EVENTS.names))})"
_INSERTS = {count: f"INSERT INTO events ({_NAMES}) VALUES {', '.join([_ONE_ROW] * count)}" for count in _ROWS_AT_ONCE}
_AMONG = {
    "event_id": "event_id IN (SELECT value FROM json_each(?))",
    "undoes": "undoes IN (SELECT value FROM json_each(?)) AND undoes IS NOT NULL",
    "user_id": "user_id IN (SELECT value FROM json_each(?)) AND kind NOT IN ('page', 'view')",
    "page_id": "page_id IN (SELECT value FROM json_each(?)) AND kind = 'page'",
    "explored": "user_id IN (SELECT value FROM json_each(?)) AND explored > 0 AND received >= ?",
}


class SqliteEvents:
    """The events of a newsroom in `events/events.sqlite`; see `EventStore` for what each method does."""

    def __init__(self, newsroom: Newsroom) -> None:
        self._newsroom, self.path = newsroom, newsroom.events / "events.sqlite"
        self.name, self._note = f"SQLite file {self.path}", newsroom.notes / "events"
        self._forgotten = ForgottenReaders(newsroom)
        self._commit = GroupCommit(self._write)
        self._writer, self._reader = Connection(self.path), Connection(self.path)
        self._reading, self._highest, self._is_noted = ThreadLock(), 0, False

    def append(self, events: Iterable[Mapping[str, Any]]) -> Appended:
        """Keep events."""
        rows = list(map(to_row, events))
        return self._commit(rows) if rows else Appended(0, 0)

    def after(self, sequence: int, limit: int = MOST_READ) -> pa.Table:
        """Return the events behind a number."""
        return to_table(self._rows("sequence > ? ORDER BY sequence LIMIT ?", sequence, limit))

    def last(self) -> int:
        """Return the highest number given."""
        found = self._read("SELECT last FROM state")
        return int(found[0][0]) if found else 0

    def left(self) -> int:
        """Return the highest number given, 0 if the file is not there, whether or not there was one."""
        return self.last() if self.path.is_file() else 0

    def pages(self, page_ids: Sequence[str]) -> pa.Table:
        """Return pages by id."""
        return to_table(self._rows(_AMONG["page_id"], json.dumps(list(page_ids))))

    def with_ids(self, event_ids: Sequence[str]) -> pa.Table:
        """Return events by id."""
        return to_table(self._rows(_AMONG["event_id"], json.dumps(list(event_ids))))

    def of_readers(self, user_ids: Sequence[str]) -> pa.Table:
        """Return the acts of readers."""
        found = to_table(self._rows(_AMONG["user_id"] + " ORDER BY sequence", json.dumps(list(user_ids))))
        return remembered(found, self._forgotten())

    def explored_pages(self, user_ids: Sequence[str], since: datetime) -> pa.Table:
        """Return the pages of readers that explored."""
        found = to_table(self._rows(_AMONG["explored"], json.dumps(list(user_ids)), micros(since)))
        return remembered(found, self._forgotten())

    def between(self, first: datetime, last: datetime) -> pa.Table:
        """Return the events of a span of time."""
        return to_table(self._rows("time >= ? AND time < ? ORDER BY sequence", micros(first), micros(last)))

    def remove_up_to(self, sequence: int) -> int:
        """Remove old events."""
        if not self._is_there():
            return 0
        removed, before = 0, micros(datetime.now(UTC) - KEPT)
        young = self._read("SELECT sequence FROM events WHERE received >= ? ORDER BY sequence LIMIT 1", before)
        last = min(sequence, young[0][0] - 1) if young else sequence
        some = f"SELECT sequence FROM events WHERE sequence <= ? LIMIT {REMOVED_AT_ONCE}"
        while True:
            with self._transaction() as database:
                count = database.execute(f"DELETE FROM events WHERE sequence IN ({some})", (last,)).rowcount
            removed += count
            if count < REMOVED_AT_ONCE:
                return removed

    def all_of(self, user_id: str) -> pa.Table:
        """Return all of a reader."""
        return to_table(
            self._rows(f"{ALL_OF.format(table='events')} ORDER BY sequence".replace("%s", "?"), *[user_id] * 2)
        )

    def user_ids(self) -> list[str]:
        """Return the readers of all events."""
        return [row[0] for row in self._read("SELECT DISTINCT user_id FROM events WHERE user_id <> ''")]

    def blank(self, until: Mapping[str, datetime], page_ids: Sequence[str]) -> int:
        """Blank what readers did; the file is written anew, so that none of its free pages holds what was there."""
        if not self._is_there():
            return 0
        with self._transaction() as database:
            blanked = blank_events(database, until, page_ids)
        with locked(self.path.with_name(".lock")), told(self.path), self._writer() as database:
            write_anew(database, self.path)
        return blanked

    def problems(self) -> list[str]:
        """Return what is wrong with the file."""
        try:
            found = self._read("PRAGMA integrity_check(10)")
            said = [f"{self.path}: {row[0]}" for row in found if row[0] != "ok"]
            return said or gap_in(str(self.path), self._read(f"{NUMBERS}, (SELECT last FROM state) FROM events"))
        except BroadsheetError as error:
            return [str(error)]

    def close(self) -> None:
        """Let go of the file."""
        with self._reading:
            self._reader.close()
        self._writer.close()

    def _rows(self, which: str, *values: object) -> list[Row]:
        return self._read(f"SELECT {_NAMES} FROM events WHERE {which}", *values)

    def _read(self, query: str, *values: object) -> list[Row]:
        if not self._is_there():
            return []
        with self._reading, told(self.path), self._reader() as database:
            return database.execute(query, values).fetchall()

    def _write(self, groups: Sequence[Sequence[Row]]) -> list[int]:
        self._make()
        with self._transaction() as database:
            known = {column: _found(database, column, values) for column, values in asked(groups).items()}
            new, counts = split_new(groups, known)
            (last,) = database.execute("SELECT last FROM state").fetchone()
            if last < self._highest:
                raise NewsroomError(
                    f"{self.path}: its last event is {last:,}, and this process has written event "
                    f"{self._highest:,}: the file was replaced by an older copy. Open the newsroom again."
                )
            _insert(database, new, last, micros(datetime.now(UTC)))
            database.execute("UPDATE state SET last = ?", (last + len(new),))
        self._highest = last + len(new)
        return counts

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        # Processes queue at the lock of a file, whose next holder the system wakes; SQLite looks again and again.
        with locked(self.path.with_name(".lock")), told(self.path), self._writer() as database:
            with transaction(database):
                yield database

    def _is_there(self) -> bool:
        """Return whether there is a store; raises NewsroomError if there was a store and its file is gone."""
        if self.path.is_file():
            return True
        if read_note(self._note) is not None:
            raise NewsroomError(
                f"{self.path}: the event store of this newsroom is gone, and the events in it that no build has "
                f"carried into the corpus. Restore it from a copy. If there is no copy, delete {self._note}: a new "
                "store is made with the next event."
            )
        return False

    def _make(self) -> None:
        """Make the file with its tables if it is not there, and the note that there is a store."""
        if self._is_noted and self._is_there():
            return
        if not self._is_there():
            self._newsroom.require()
            with told(self.path):
                self.path.parent.mkdir(exist_ok=True)
                with locked(self.path.with_name(".making")):
                    if not self._is_there():
                        make_file(self.path)
        write_note(self._note)  # here too if the process that made the file was killed before it made the note
        self._number_behind(held_by_corpus(self._newsroom))
        self._is_noted = True

    def _number_behind(self, held: int) -> None:
        """Let new events have numbers behind those in the corpus, also in a store that was made or copied back later.

        For example, the corpus has the events up to 1,000 of a store that is gone. If the new store began at 1, its
        first 1,000 events would be taken for events that the corpus has, and would never count.
        """
        with self._transaction() as database:
            database.execute("UPDATE state SET last = ? WHERE last < ?", (held, held))


def _found(database: sqlite3.Connection, column: str, values: list[str]) -> set[str]:
    query = f"SELECT json_group_array({column}) FROM events WHERE {_AMONG[column]}"
    return set(json.loads(database.execute(query, (json.dumps(values),)).fetchone()[0]))


def _insert(database: sqlite3.Connection, rows: Sequence[Row], last: int, received: int) -> None:
    done = 0
    for count in _ROWS_AT_ONCE:
        while len(rows) - done >= count:
            part = rows[done : done + count]
            values = [value for at, row in enumerate(part, last + done + 1) for value in (at, received, *row)]
            database.execute(_INSERTS[count], values)
            done += count
