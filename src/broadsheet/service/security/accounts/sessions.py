"""Sessions of signed-in users: random ids in cookies, of which the database holds hashes alone."""

from __future__ import annotations

import hashlib
import secrets
import time

from broadsheet.service.security.accounts.audit import record
from broadsheet.service.security.accounts.users import User
from broadsheet.service.serving.state import State

LONGEST_SECONDS, IDLE_SECONDS = 12 * 3600, 2 * 3600
"""A session ends so long after it began, and so long after it was last used."""
SEEN_EVERY = 60
"""Seconds after which a use is written down again."""


def begin_session(state: State, user: User, address: str) -> str:
    """Begin a session and return its id, for the cookie; sessions that are over are removed."""
    session, now = secrets.token_urlsafe(32), int(time.time())
    with state.change() as db:
        db.execute("DELETE FROM sessions WHERE made < ? OR seen < ?", (now - LONGEST_SECONDS, now - IDLE_SECONDS))
        db.execute("INSERT INTO sessions VALUES (?, ?, ?, ?)", (hash_of(session), user.id, now, now))
        record(db, user.name, "signed in", f"from {address}")
    return session


def end_session(state: State, session: str, name: str) -> None:
    """End a session, in every process at once."""
    with state.change() as db:
        db.execute("DELETE FROM sessions WHERE hash = ?", (hash_of(session),))
        record(db, name, "signed out", "")


def user_in(state: State, session: str) -> User | None:
    """Return the user whose session this is, or None if it is no session or is over."""
    now, key = int(time.time()), hash_of(session)
    found = state.rows(
        "SELECT users.id, users.name, users.role, users.made, seen FROM sessions JOIN users ON users.id = user "
        "WHERE hash = ? AND sessions.made >= ? AND seen >= ?",
        key,
        now - LONGEST_SECONDS,
        now - IDLE_SECONDS,
    )
    if not found:
        return None
    if found[0][4] < now - SEEN_EVERY:
        with state.change() as db:
            db.execute("UPDATE sessions SET seen = ? WHERE hash = ?", (now, key))
    return User(*found[0][:4])


def hash_of(session: str) -> bytes:
    """Return what the database holds of a session's id; a fast hash is right for random ids, see `keys`."""
    return hashlib.sha256(session.encode("utf-8", "surrogatepass")).digest()
