"""The event store of several machines: two tables in a PostgreSQL database.

Whoever writes holds the one row of the table of numbers until its transaction is committed. So numbers are given in the
order in which transactions come to be seen, and no number is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from broadsheet.errors import BroadsheetError, NewsroomError
from broadsheet.live.events.held import held_by_corpus
from broadsheet.live.events.limits import KEPT, MOST_READ
from broadsheet.live.events.stores.group_commit import Appended, GroupCommit
from broadsheet.live.events.stores.postgres_connection import Connection, open_connection
from broadsheet.live.events.stores.postgres_statements import (
    AMONG,
    APPEND,
    BLANK_PAGES,
    BLANK_READER,
    MAKING,
    NAMES,
    NUMBER_BEHIND,
    PAGES_OF,
    REMOVE,
    SENT,
    TABLES,
    UPGRADE,
    VERSION,
)
from broadsheet.live.events.stores.remembered import remembered
from broadsheet.live.events.stores.sqlite_store import SqliteEvents
from broadsheet.live.events.stores.stored_rows import (
    ALL_OF,
    EVENT_ID,
    NUMBERS,
    Row,
    gap_in,
    micros,
    split_new,
    to_row,
    to_table,
)
from broadsheet.newsroom import Newsroom
from broadsheet.newsroom.notes import read_note, write_note
from broadsheet.readers.forgotten import ForgottenReaders
from broadsheet.tables.files import is_read_only
from broadsheet.tables.locks import ThreadLock

if TYPE_CHECKING:
    from psycopg import Cursor


class PostgresEvents:
    """The events of a newsroom in PostgreSQL; see `EventStore` for what each method does."""

    def __init__(self, newsroom: Newsroom, address: str) -> None:
        """Take the address of the database; raises ConfigError if it cannot be read, or the driver is missing."""
        self._newsroom, self._note = newsroom, newsroom.notes / "events-postgresql"
        self._forgotten = ForgottenReaders(newsroom)
        self._writer, self._reader = open_connection(address), open_connection(address)
        self.name = self._reader.name
        self._commit, self._reading = GroupCommit(self._write), ThreadLock()
        self._is_made = self._is_noted = False

    def append(self, events: Iterable[Mapping[str, Any]]) -> Appended:
        """Keep events."""
        rows = list(map(to_row, events))
        return self._commit(rows) if rows else Appended(0, 0)

    def after(self, sequence: int, limit: int = MOST_READ) -> pa.Table:
        """Return the events behind a number."""
        return to_table(self._rows("sequence > %s ORDER BY sequence LIMIT %s", sequence, limit))

    def last(self) -> int:
        """Return the highest number given."""
        found = self._read("SELECT last FROM broadsheet_numbers")
        return int(found[0][0]) if found else 0

    def pages(self, page_ids: Sequence[str]) -> pa.Table:
        """Return pages by id."""
        return to_table(self._rows(AMONG["page_id"], list(page_ids)))

    def with_ids(self, event_ids: Sequence[str]) -> pa.Table:
        """Return events by id."""
        return to_table(self._rows(AMONG["event_id"], list(event_ids)))

    def of_readers(self, user_ids: Sequence[str]) -> pa.Table:
        """Return the acts of readers."""
        found = to_table(self._rows(AMONG["user_id"] + " ORDER BY sequence", list(user_ids)))
        return remembered(found, self._forgotten())

    def explored_pages(self, user_ids: Sequence[str], since: datetime) -> pa.Table:
        """Return the pages of readers that explored."""
        found = to_table(self._rows(AMONG["explored"], list(user_ids), micros(since)))
        return remembered(found, self._forgotten())

    def between(self, first: datetime, last: datetime) -> pa.Table:
        """Return the events of a span of time."""
        return to_table(self._rows("time >= %s AND time < %s ORDER BY sequence", micros(first), micros(last)))

    def remove_up_to(self, sequence: int) -> int:
        """Remove old events."""
        values = sequence, KEPT // timedelta(microseconds=1)
        with self._reading:
            if not self._is_there(self._reader):
                return 0
            return self._reader.run(lambda database: int(database.execute(REMOVE, values).rowcount))

    def all_of(self, user_id: str) -> pa.Table:
        """Return all of a reader."""
        return to_table(self._rows(f"{ALL_OF.format(table='broadsheet_events')} ORDER BY sequence", *[user_id] * 2))

    def user_ids(self) -> list[str]:
        """Return the readers of all events."""
        return [row[0] for row in self._read("SELECT DISTINCT user_id FROM broadsheet_events WHERE user_id <> ''")]

    def blank(self, until: Mapping[str, datetime], page_ids: Sequence[str]) -> int:
        """Blank what readers did; the server's log and backups hold it until the server removes them."""
        with self._reading:
            if not self._is_there(self._reader):
                return 0
            blanked = self._reader.run(lambda database: _blank(database, until, page_ids))
            self._reader.run(lambda database: database.execute("VACUUM broadsheet_events"))
        return blanked

    def problems(self) -> list[str]:
        """Return what is wrong with the tables; damage of its files the server finds itself."""
        try:
            last = "(SELECT last FROM broadsheet_numbers)"
            return gap_in(self._reader.name, self._read(f"{NUMBERS}, {last} FROM broadsheet_events"))
        except BroadsheetError as error:
            return [str(error)]

    def close(self) -> None:
        """Let go of the connections."""
        with self._reading:
            self._reader.close()
        self._writer.close()

    def _rows(self, which: str, *values: object) -> list[Row]:
        return self._read(f"SELECT {NAMES} FROM broadsheet_events WHERE {which}", *values)

    def _read(self, query: str, *values: object) -> list[Row]:
        with self._reading:
            if not self._is_there(self._reader):
                return []
            return self._reader.run(lambda database: list(database.execute(query, values).fetchall()))

    def _write(self, groups: Sequence[Sequence[Row]]) -> list[int]:
        if not self._is_noted:
            if not self._is_there(self._writer):
                self._newsroom.require()
                self._writer.run(_make_tables)
            self._write_note()
            held = max(held_by_corpus(self._newsroom), SqliteEvents(self._newsroom).left())
            self._writer.run(lambda database: database.execute(NUMBER_BEHIND, (held, held)))
            self._is_made = self._is_noted = True
        return self._writer.run(lambda database: _written(database, groups))

    def _write_note(self) -> None:
        try:
            write_note(self._note)
        except OSError as error:  # of a newsroom that is shared read-only: a machine that may write there notes it
            if not is_read_only(error):
                raise

    def _is_there(self, connection: Connection) -> bool:
        """Return whether there is a store; raises NewsroomError if there was a store and its tables are gone."""
        if self._is_made:
            return True
        version = connection.run(_version)
        if version is None and read_note(self._note) is not None:
            raise NewsroomError(
                f"{connection.name}: the event store of this newsroom is gone, and the events in it that no build has "
                f"carried into the corpus. Restore it from a copy. If there is no copy, delete {self._note}: a new "
                "store is made with the next event."
            )
        if version == 1:
            connection.run(_upgrade_tables)
            version = VERSION
        if version not in (None, VERSION):
            raise NewsroomError(
                f"{connection.name}: found version {version} of the event store, expected {VERSION}: another version "
                "of Broadsheet made it. Use that version, or name another database in the setting `events`."
            )
        self._is_made = version is not None
        return self._is_made


def _version(database: Cursor[Any]) -> int | None:
    if database.execute("SELECT to_regclass('broadsheet_numbers')").fetchall() == [(None,)]:
        return None
    return int(database.execute("SELECT version FROM broadsheet_numbers").fetchall()[0][0])


def _make_tables(database: Cursor[Any]) -> None:
    with database.connection.transaction():
        database.execute("SELECT pg_advisory_xact_lock(%s)", (MAKING,))
        if _version(database) is None:
            database.execute(TABLES)


def _upgrade_tables(database: Cursor[Any]) -> None:
    """Bring tables of version 1 to this version, unless another process did so."""
    with database.connection.transaction():
        database.execute("SELECT pg_advisory_xact_lock(%s)", (MAKING,))
        if _version(database) == 1:
            database.execute(UPGRADE)


def _blank(database: Cursor[Any], until: Mapping[str, datetime], page_ids: Sequence[str]) -> int:
    """Blank events in one transaction; see `EventStore.blank`."""
    pages, blanked = list(page_ids), 0
    with database.connection.transaction():
        for user_id, time in until.items():
            pages += [row[0] for row in database.execute(PAGES_OF, (user_id, micros(time))).fetchall()]
            blanked += database.execute(BLANK_READER, (user_id, micros(time))).rowcount
        return blanked + database.execute(BLANK_PAGES, (pages,)).rowcount


def _written(database: Cursor[Any], groups: Sequence[Sequence[Row]]) -> list[int]:
    """Write the rows of several callers, all or none, in a single message to the server.

    Each further message would be one more wait, and among busy threads each wait costs a turn of Python's lock.
    """
    import psycopg

    rows, _ = split_new(groups, {})  # without those that come twice here
    text = json.dumps([dict(zip(SENT, (place, *row), strict=True)) for place, row in enumerate(rows)])
    with psycopg.ClientCursor(database.connection) as cursor:
        cursor.execute(APPEND, {"rows": text})
        while cursor.nextset():  # the answer is that of the last statement
            pass
        new = {event_id for (event_id,) in cursor.fetchall()}
    counts = []
    for group in groups:
        before = len(new)
        new.difference_update(row[EVENT_ID] for row in group)
        counts.append(before - len(new))
    return counts
