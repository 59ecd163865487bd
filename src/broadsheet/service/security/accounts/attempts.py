"""Attempts to sign in: after a few failures each further attempt has to wait twice as long as the one before.

An attempt is counted before its password is checked, so that attempts at the same moment do not slip through, and the
count lies in the database, so that all processes count together.
"""

from __future__ import annotations

import sqlite3
import time

from broadsheet.service.security.accounts.audit import FAILED, record
from broadsheet.service.serving.state import State

FREE = {"name": 3, "address": 10}
"""Attempts without delay: an address may be that of a whole office."""
LONGEST = {"name": 60.0, "address": 900.0}
"""Most seconds of a delay; the name's is short, since anybody can try a name and so keep its owner out."""
FORGOTTEN_AFTER = 3600
"""Seconds after which earlier attempts no longer count."""


def delay_of(kind: str, count: int) -> float:
    """Return the seconds for which nobody may try again after `count` attempts without success."""
    return 0.0 if count < FREE[kind] else min(2.0 ** min(count - FREE[kind], 20), LONGEST[kind])


def begin_attempt(state: State, name: bytes, address: bytes) -> float:
    """Count an attempt and return 0, or return the seconds to wait, and count nothing.

    Name and address are hashes of them, so that the database holds no password that was typed in the field of names.
    """
    now = time.time()
    with state.change() as db:
        db.execute("DELETE FROM attempts WHERE last < ?", (int(now) - FORGOTTEN_AFTER,))
        found = {kind: _attempts(db, who) for kind, who in (("name", name), ("address", address))}
        if (wait := max(until for _, until in found.values()) - now) > 0:
            return wait
        for kind, who in (("name", name), ("address", address)):
            count = found[kind][0] + 1
            row = (who, count, int(now), now + delay_of(kind, count))
            db.execute("INSERT OR REPLACE INTO attempts VALUES (?, ?, ?, ?)", row)
    return 0.0


def note_success(state: State, name: bytes, address: bytes) -> None:
    """Forget the failures of a name, and count the address's attempt no longer.

    The address's earlier failures stay: else a user could guess the passwords of others between logins.
    """
    with state.change() as db:
        db.execute("DELETE FROM attempts WHERE who = ?", (name,))
        db.execute("UPDATE attempts SET count = count - 1, until = 0 WHERE who = ? AND count > 0", (address,))


def note_failure(state: State, address: str) -> None:
    """Write a failed login into the audit log, without the name: it may be a password, typed in the wrong field."""
    with state.change() as db:
        record(db, address, FAILED, "")


def _attempts(db: sqlite3.Connection, who: bytes) -> tuple[int, float]:
    found: tuple[int, float] | None = db.execute("SELECT count, until FROM attempts WHERE who = ?", (who,)).fetchone()
    return found or (0, 0.0)
