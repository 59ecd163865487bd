"""Taking events out of a SQLite file for good: the rows are blanked, and the file and its journal are written anew."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from broadsheet.errors import NewsroomError
from broadsheet.live.events.stores.stored_rows import BLANK, micros

_UPDATE = f"UPDATE events SET {BLANK.format(random='lower(hex(randomblob(16)))')} WHERE kind <> 'forgotten' AND "
_OF_READER = "user_id = :user AND min(time, received) <= :until"
_PAGES_OF = f"SELECT page_id FROM events WHERE kind = 'page' AND {_OF_READER}"
_ON_PAGES = "page_id IN (SELECT value FROM json_each(?))"


def blank_events(database: sqlite3.Connection, until: Mapping[str, datetime], page_ids: Sequence[str]) -> int:
    """Blank events as `EventStore.blank` says, inside the transaction of the caller; return how many."""
    pages, blanked = list(page_ids), 0
    for user_id, time in until.items():
        values = {"user": user_id, "until": micros(time)}
        pages += [
            row[0]
            for row in database.execute(f"SELECT page_id FROM events WHERE kind = 'page' AND {_OF_READER}", values)
        ]
        blanked += database.execute(_UPDATE + _OF_READER, values).rowcount
    return blanked + database.execute(_UPDATE + _ON_PAGES, (json.dumps(pages),)).rowcount


def write_anew(database: sqlite3.Connection, path: Path) -> None:
    """Write the file without its free pages, and empty its journal.

    Raises NewsroomError if another process reads the file for so long that the journal cannot be emptied.
    """
    database.execute("PRAGMA secure_delete = ON")
    database.execute("VACUUM")
    (is_busy, *_) = database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if is_busy:
        raise NewsroomError(
            f"{path}: another process reads this file, so its journal still holds what was to be removed. The next "
            "build tries again."
        )
