"""The SQLite file of events: its tables, how it is made, and connections to it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from broadsheet.errors import NewsroomError
from broadsheet.live.events.stores.stored_rows import KIND_OF
from broadsheet.tables.files import sync_folder
from broadsheet.tables.locks import locked

VERSION = 2
"""Of the tables in the file."""
WAITS = 30.0
"""Seconds that a call waits for other processes that write."""
_EXPLORED = "CREATE INDEX pages_explored ON events (user_id, time) WHERE explored > 0;"
_UPGRADE = f"""
BEGIN IMMEDIATE;
ALTER TABLE events ADD COLUMN explored integer;
{_EXPLORED}
PRAGMA user_version = {VERSION};
COMMIT;
"""
"""From version 1 of the tables."""
_TABLES = f"""
CREATE TABLE events ({", ".join(f"{name} {kind or 'integer'}" for name, kind in KIND_OF.items())},
    PRIMARY KEY (sequence), UNIQUE (event_id));
CREATE UNIQUE INDEX pages ON events (page_id) WHERE kind = 'page';
CREATE UNIQUE INDEX undone ON events (undoes) WHERE undoes IS NOT NULL;
CREATE INDEX acts ON events (user_id) WHERE kind NOT IN ('page', 'view');
{_EXPLORED}
CREATE TABLE state (last integer NOT NULL);
INSERT INTO state VALUES (0);
PRAGMA user_version = {VERSION};
""".replace("sequence integer", "sequence integer NOT NULL")
_LEFT_TO_THE_PARENT: list[sqlite3.Connection] = []
"""Connections of the process that this process was forked from: to use or to close them here would harm that one."""


class Connection:
    """A connection to a file, opened when needed, and again after a fork or when the file was replaced."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open: sqlite3.Connection | None = None
        self._opened = (0, 0, 0)

    @contextmanager
    def __call__(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection; it is closed after an error of the database, since nothing is sure of it then."""
        found = self._path.stat()
        wanted = (os.getpid(), found.st_dev, found.st_ino)
        if self._open is None or self._opened != wanted:
            self.close()
            self._open, self._opened = _connect(self._path), wanted
        try:
            yield self._open
        except sqlite3.DatabaseError:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection, if it is open; a forked process leaves that of its parent alone."""
        if self._open is not None and self._opened[0] != os.getpid():
            _LEFT_TO_THE_PARENT.append(self._open)
        elif self._open is not None:
            self._open.close()
        self._open = None


def _connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=WAITS, isolation_level=None, check_same_thread=False)
    database.execute("PRAGMA synchronous = FULL")  # a commit is synced, which in WAL mode is not the default
    database.execute("PRAGMA fullfsync = 1")  # on a Mac, where a sync alone does not reach the disk
    database.execute("PRAGMA cache_size = -65536")
    if _version(database) == 1:
        with locked(path.with_name(".making")):
            if _version(database) == 1:
                database.executescript(_UPGRADE)
    version = _version(database)
    if version != VERSION:
        database.close()
        raise NewsroomError(
            f"{path}: found version {version} of the event store, expected {VERSION}: another version of Broadsheet "
            "made it. Use that version, or move the file away once a build has carried its events into the corpus."
        )
    return database


def _version(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def make_file(path: Path) -> None:
    """Make the file with its tables: under another name first, so that it is whole when others see it."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    database = sqlite3.connect(part, isolation_level=None)
    database.execute("PRAGMA synchronous = FULL")
    database.executescript(_TABLES)
    (mode,) = database.execute("PRAGMA journal_mode = WAL").fetchone()
    database.close()
    if mode != "wal":
        raise NewsroomError(
            f"{path}: this file system cannot hold the event store (SQLite offers the journal {mode!r}, expected "
            '"wal"). Put the newsroom on a local disk, or name PostgreSQL in the setting `events`.'
        )
    part.replace(path)
    sync_folder(path.parent)
