"""The service's own database, `state.sqlite` in the folder of `[service] state`: connections, tables and errors.

What is written to each table stands beside the table's user, such as `security.accounts.keys`. Each thread has a
connection of its own, and SQLite's write-ahead log lets all of them read while one of them writes.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakSet

from broadsheet.errors import BroadsheetError, DiskError, NewsroomError
from broadsheet.newsroom import Newsroom
from broadsheet.newsroom.service_folder import service_folder
from broadsheet.tables.locks import transaction

BUSY_SECONDS = 10.0
"""Most seconds that a change waits for another process's change."""
STEPS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE keys (
            id TEXT PRIMARY KEY, name TEXT NOT NULL, hash BLOB NOT NULL, scopes TEXT NOT NULL,
            made INTEGER NOT NULL, used TEXT NOT NULL DEFAULT '', revoked INTEGER) STRICT""",
        "CREATE UNIQUE INDEX keys_in_force ON keys (name) WHERE revoked IS NULL",
        """CREATE TABLE users (
            id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE COLLATE NOCASE, role TEXT NOT NULL,
            password TEXT NOT NULL, made INTEGER NOT NULL) STRICT""",
        """CREATE TABLE sessions (
            hash BLOB PRIMARY KEY, user INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
            made INTEGER NOT NULL, seen INTEGER NOT NULL) STRICT, WITHOUT ROWID""",
        "CREATE INDEX sessions_of_users ON sessions (user)",
        """CREATE TABLE attempts (
            who BLOB PRIMARY KEY, count INTEGER NOT NULL, last INTEGER NOT NULL, until REAL NOT NULL)
            STRICT, WITHOUT ROWID""",
        "CREATE TABLE entered (hash BLOB PRIMARY KEY, until INTEGER NOT NULL) STRICT, WITHOUT ROWID",
        """CREATE TABLE idempotency (
            caller TEXT NOT NULL, key TEXT NOT NULL, request BLOB NOT NULL, made INTEGER NOT NULL,
            status INTEGER, headers TEXT NOT NULL DEFAULT '{}', body BLOB, PRIMARY KEY (caller, key))
            STRICT, WITHOUT ROWID""",
        """CREATE TABLE audit (
            number INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, who TEXT NOT NULL, act TEXT NOT NULL,
            what TEXT NOT NULL) STRICT""",
        "CREATE INDEX audit_of_acts ON audit (act, number)",
    ),
    (
        """CREATE TABLE feeds (
            hash BLOB PRIMARY KEY, reader TEXT NOT NULL UNIQUE, made INTEGER NOT NULL) STRICT, WITHOUT ROWID""",
    ),
    (
        """CREATE TABLE letters (
            user_id TEXT NOT NULL, day TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (user_id, day))
            STRICT, WITHOUT ROWID""",
        "CREATE TABLE stopped_letters (user_id TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID",
        """CREATE TABLE pushes (
            user_id TEXT NOT NULL, news_id TEXT NOT NULL, day TEXT NOT NULL, at INTEGER NOT NULL,
            PRIMARY KEY (user_id, news_id)) STRICT, WITHOUT ROWID""",
    ),
)
"""What brings the tables from each version to the next; a database of version n has had the first n of them.

A released step never changes: what comes later is a step of its own at the end. Times are seconds since 1970.
"""


class _Connection(sqlite3.Connection):
    """A connection that can be referred to without keeping it open: it is closed when its thread ends."""


class State:
    """Connections to the database; safe to share between threads, while other processes use the file too."""

    def __init__(self, newsroom: Newsroom) -> None:
        """Open the database, or make it; raises NewsroomError for a damaged file or one of a later version."""
        self.path = service_folder(newsroom) / "state.sqlite"
        self._local, self._lock = threading.local(), threading.Lock()
        self._all: WeakSet[_Connection] = WeakSet()
        _make_private(self.path, is_ours=self.path.is_relative_to(newsroom.path))
        with self._told():
            self._check()
            self._upgrade()

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401
        """Return the rows of a SELECT."""
        with self._told():
            return self._connection().execute(sql, values).fetchall()

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection in a transaction, which is on the disk after the block, or undone if the block failed.

        Raises sqlite3.IntegrityError for a row that is there already, NewsroomError or DiskError for what else fails.
        """
        with self._told():
            connection = self._connection()
            with transaction(connection):
                yield connection

    def version(self) -> tuple[int, int]:
        """Return numbers that differ, in this thread, from those before anything was changed, by whatever process."""
        with self._told():
            connection = self._connection()
            return connection.execute("PRAGMA data_version").fetchone()[0], connection.total_changes

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            for connection in self._all:
                connection.close()
            self._all, self._local = WeakSet(), threading.local()

    def _connection(self) -> sqlite3.Connection:
        found: _Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = sqlite3.connect(
                self.path, BUSY_SECONDS, isolation_level=None, check_same_thread=False, factory=_Connection
            )
            self._local.connection = found
            with self._lock:
                self._all.add(found)
            for setting in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
                found.execute(f"PRAGMA {setting}")
        return found

    def _check(self) -> None:
        problem = self._connection().execute("PRAGMA quick_check(1)").fetchone()[0]
        if problem != "ok":
            raise sqlite3.DatabaseError(problem)

    def _upgrade(self) -> None:
        with self.change() as db:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version > len(STEPS):
                raise NewsroomError(
                    f"{self.path}: version {version}, made by a later Broadsheet; this one reads up to {len(STEPS)}. "
                    "Install the later Broadsheet again."
                )
            for statement in (each for step in STEPS[version:] for each in step):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {len(STEPS)}")

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Raise errors of SQLite as ours, apart from IntegrityError, which the caller knows how to word."""
        try:
            yield
        except (BroadsheetError, sqlite3.IntegrityError):
            raise
        except sqlite3.Error as error:
            name = getattr(error, "sqlite_errorname", "")
            if name == "SQLITE_FULL":
                raise DiskError(f"{self.path}: the disk is full. Free some space and try again.") from error
            if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
                raise NewsroomError(f"{self.path}: another process keeps it busy. Try again.") from error
            raise NewsroomError(
                f"{self.path}: the service's database cannot be used ({error}). Restore it from a backup; or move it "
                "away, and make users and keys anew."
            ) from error


def _make_private(path: Path, *, is_ours: bool) -> None:
    """Make the folder and the file, which only this user may read; raises NewsroomError if that cannot be done.

    A folder outside the newsroom that is there already stays as open as it is: it may hold more than the database.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if is_ours:
            path.parent.chmod(0o700)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
        path.chmod(0o600)
    except OSError as error:
        raise NewsroomError(
            f"{path}: {error.strerror}. The user who runs the service must own the folder {path.parent}. If the "
            "newsroom is shared read-only, set state in section [service] to a folder of this machine."
        ) from error
