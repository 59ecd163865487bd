"""Taking forgotten readers out of the service's own database, `state.sqlite`.

The tables there belong to the service, which adds to them from version to version. So this looks at every table: a row
whose column `user_id` or `reader` is a forgotten reader goes, and in any other text the reader's id is replaced. A row
that was made after the forgetting stays: it is that of a new reader with the same id. Stored answers to repeated calls
may hold anything, and all that were made until a reader was forgotten go.
"""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from datetime import datetime
from typing import Any

from broadsheet.errors import NewsroomError
from broadsheet.newsroom import Newsroom
from broadsheet.newsroom.service_folder import service_folder
from broadsheet.nightly.forgetting.forgotten_rows import Find

OWNERS = ("user_id", "reader")
"""Columns that name the reader of a row."""
MADE = ("at", "made")
"""Columns with the time at which a row was made, in whole seconds since 1970."""
_ANSWERS = "idempotency"
_OF_STAFF = {"keys": {"id", "name", "scopes", "used"}, "users": {"name", "role", "password"}, "audit": {"who", "act"}}
"""Columns that say who may do what, and who did what. They stay: else whoever may forget readers could forget a reader
called "operator", and no operator could sign in any more."""
INSTEAD = "a forgotten reader"
"""What stands in a text in place of a forgotten reader's id."""
_WAITS = 30.0


def clean_service_state(newsroom: Newsroom, find: Find, until: datetime) -> None:
    """Take forgotten readers out of the service's database, if there is one; `until` is the last time of forgetting.

    Raises NewsroomError if the database is damaged, or if other processes keep it busy.
    """
    path = service_folder(newsroom) / "state.sqlite"
    if not path.is_file():
        return
    try:
        with closing(sqlite3.connect(path, _WAITS, isolation_level=None)) as database:
            database.execute("PRAGMA secure_delete = ON")
            database.execute("BEGIN IMMEDIATE")
            changes = database.total_changes
            for table in [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]:
                if not table.startswith("sqlite_"):
                    _clean_table(database, table, find, until)
            changed = database.total_changes > changes
            database.execute("COMMIT")
            if changed:
                database.execute("VACUUM")
            # In any case: of an earlier call, which met a busy database, the log may still hold what was removed.
            (is_busy, *_) = database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if is_busy:
                raise NewsroomError(f"{path}: another process keeps it busy. The next build tries again.")
    except sqlite3.Error as error:
        raise NewsroomError(
            f"{path}: forgotten readers cannot be taken out of the service's database ({error}). Restore it from a "
            "backup, or move it away."
        ) from error


def _clean_table(database: sqlite3.Connection, table: str, find: Find, until: datetime) -> None:
    if table == _ANSWERS:
        database.execute(f'DELETE FROM "{table}" WHERE made <= ?', (until.timestamp() + 1,))
        return
    columns = [row[1] for row in database.execute(f'PRAGMA table_info("{table}")')]
    for column in columns:
        if column in _OF_STAFF.get(table, ()):
            continue
        texts = [row[0] for row in database.execute(f'SELECT DISTINCT "{column}" FROM "{table}"')]
        texts = [text for text in texts if isinstance(text, str) and text]
        if column in OWNERS:
            gone = [(text, time.timestamp()) for text, time in find(texts).items()]
            made = next((f'"{name}"' for name in MADE if name in columns), "0")
            database.executemany(f'DELETE FROM "{table}" WHERE "{column}" = ? AND {made} <= ?', gone)
            continue
        for text in texts:
            if (changed := _without_readers(text, find)) != text:
                database.execute(f'UPDATE "{table}" SET "{column}" = ? WHERE "{column}" = ?', (changed, text))


def _without_readers(text: str, find: Find) -> str:
    """Return a text in which each whole word, and each whole text of a JSON document, that is a reader is replaced."""
    try:
        document = json.loads(text)
    except ValueError:
        pieces = re.split(r"([\s,;:'\"()\[\]{}/]+)", text)
        gone = find([text, *pieces])
        return INSTEAD if text in gone else "".join(INSTEAD if piece in gone else piece for piece in pieces)
    if not isinstance(document, dict | list):
        return INSTEAD if find([text]) else text
    changed = _replaced(document, find)
    return text if changed == document else json.dumps(changed, ensure_ascii=False)


def _replaced(value: Any, find: Find) -> Any:  # noqa: ANN401
    if isinstance(value, str):
        return INSTEAD if find([value]) else value
    if isinstance(value, list):
        return [_replaced(one, find) for one in value]
    if isinstance(value, dict):
        return {(INSTEAD if find([name]) else name): _replaced(one, find) for name, one in value.items()}
    return value
