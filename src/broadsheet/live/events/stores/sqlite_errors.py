"""What SQLite says when it cannot write or read, in words that say what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from broadsheet.errors import BroadsheetError, ContractError, DiskError, NewsroomError
from broadsheet.tables.files import full_disk_as, is_read_only

_FULL = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
_SHUT = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH)
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_NOT_TAKEN = "No event of this call was taken; what was acknowledged before stays."


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Raise what SQLite, or the system, says of the file as DiskError, ContractError or NewsroomError."""
    try:
        with full_disk_as(DiskError, path, f"{_NOT_TAKEN} Free some space and send the events again."):
            yield
    except sqlite3.DatabaseError as error:
        raise _failure(path, error) from error
    except OSError as error:
        if not is_read_only(error):
            raise
        raise _shut(path, str(error.strerror)) from error


def _failure(path: Path, error: sqlite3.DatabaseError) -> BroadsheetError:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code in _FULL:
        return DiskError(
            f"{path}: cannot be written, since the disk is full or fails ({error}). {_NOT_TAKEN} Free some space, or "
            "mend the disk, and send the events again."
        )
    if code in _SHUT:
        return _shut(path, str(error))
    if code in _DAMAGED:
        return ContractError(
            f"{path}: not the event store as it was written ({error}). Restore it from a copy. If there is no copy, "
            f"move {path.name} and the files whose names begin so to another folder, where `sqlite3 {path.name} "
            ".recover` may read what is left, and delete the note `notes/events` of the newsroom: a new store is made "
            "with the next event. What a build has carried into the corpus is not lost."
        )
    if code in _BUSY:
        return NewsroomError(f"{path}: another process has kept the event store to itself ({error}). Try again.")
    return NewsroomError(f"{path}: the event store failed ({error}). {_NOT_TAKEN}")


def _shut(path: Path, found: str) -> NewsroomError:
    return NewsroomError(
        f"{path}: cannot be opened or written ({found}). {_NOT_TAKEN} Make the file, and the folder around it, "
        "writable for this user."
    )
