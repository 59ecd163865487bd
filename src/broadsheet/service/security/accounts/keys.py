"""API keys: made, listed, revoked, and checked without asking the database for each request."""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from broadsheet.errors import BroadsheetError, InputError
from broadsheet.newsroom.given import shown
from broadsheet.service.security.accounts.audit import record
from broadsheet.service.security.accounts.names import checked_name
from broadsheet.service.security.accounts.scopes import SCOPES
from broadsheet.service.serving.state import State
from broadsheet.watching import Watch

log = logging.getLogger(__name__)

LOOKS_EVERY = 0.5
"""Seconds between two looks at whether a key was added or revoked, by whatever process."""
TRIES_AGAIN = 5.0
"""Seconds until the next look after keys could not be read."""
_FORM = re.compile(r"bs_([0-9a-f]{12})([A-Za-z0-9_-]{43})")


@dataclass(frozen=True)
class Key:
    """An API key, without its secret."""

    id: str
    name: str
    hash: bytes
    scopes: frozenset[str]
    made: int
    "Seconds since 1970."
    used: str
    "The last day on which it was used, such as 2026-11-30; empty if it never was."
    revoked: int | None
    "Seconds since 1970; None if it is in force."


def add_key(state: State, name: str, scopes: Iterable[str], by: str) -> str:
    """Make a key and return it: it is stored nowhere, so it can never be shown again.

    Raises InputError for a name that is taken by a key in force, and for scopes that are unknown or missing.
    """
    name, wanted = checked_name(name, "NAME"), sorted(set(scopes))
    if not wanted or not SCOPES.keys() >= set(wanted):
        found = ", ".join(scope for scope in wanted if scope not in SCOPES) or "no scope"
        raise InputError(f"--scope: found {shown(found)}, expected one or more of {', '.join(SCOPES)}.")
    key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    try:
        with state.change() as db:
            row = (key_id, name, _hash(secret), " ".join(wanted), int(time.time()))
            db.execute("INSERT INTO keys (id, name, hash, scopes, made) VALUES (?, ?, ?, ?, ?)", row)
            record(db, by, "key added", f"{name} ({key_id}): {' '.join(wanted)}")
    except sqlite3.IntegrityError:
        raise InputError(f"A key named {name} is in force. Revoke it first, or choose another name.") from None
    return f"bs_{key_id}{secret}"


def revoke_key(state: State, name: str, by: str) -> None:
    """Revoke the key of this name; every process notices it within a second. Raises InputError if there is none."""
    with state.change() as db:
        done = db.execute("UPDATE keys SET revoked = ? WHERE name = ? AND revoked IS NULL", (int(time.time()), name))
        if not done.rowcount:
            expected = "the name of a key in force. `broadsheet keys list` shows them"
            raise InputError(f"NAME: found {shown(name)}, expected {expected}.")
        record(db, by, "key revoked", name)


def all_keys(state: State) -> list[Key]:
    """Return all keys that were ever made, oldest first."""
    rows = state.rows("SELECT id, name, hash, scopes, made, used, revoked FROM keys ORDER BY made, id")
    return [
        Key(key_id, name, hashed, frozenset(scopes.split()), made, used, revoked)
        for key_id, name, hashed, scopes, made, used, revoked in rows
    ]


class Keys:
    """The keys in force, kept in memory; safe to share between threads."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._keys: dict[str, Key] = {}
        self._version: tuple[int, tuple[int, int]] | None = None
        self._used: dict[str, str] = {}
        self.watching = Watch("keys", self._looked, LOOKS_EVERY)
        self.look()

    def check(self, text: str) -> Key | None:
        """Return the key that a caller shows, or None if it is no key in force."""
        form = _FORM.fullmatch(text)
        key = self._keys.get(form[1]) if form else None
        if form is None or key is None or not hmac.compare_digest(_hash(form[2]), key.hash):
            return None
        today = datetime.now(UTC).date().isoformat()
        if key.used != today:
            self._used[key.id] = today
        return key

    def look(self) -> None:
        """Read the keys if anything in the database changed, and note which keys were used today."""
        version = threading.get_ident(), self._state.version()  # a thread compares versions of its own connection only
        if version != self._version:
            self._keys = {key.id: key for key in all_keys(self._state) if key.revoked is None}
            self._version = version
        if self._used:
            self._note_used(self._used)

    def _note_used(self, days: dict[str, str]) -> None:
        self._used = {}  # before it is read: what another thread adds from now on is noted the next time
        try:
            with self._state.change() as db:
                db.executemany("UPDATE keys SET used = ? WHERE id = ?", [(day, key) for key, day in list(days.items())])
        except BroadsheetError as error:  # a full disk, or a busy database, is no reason to refuse callers
            log.warning("%s On which day API keys were used last is noted later.", error)

    def _looked(self) -> float:
        try:
            self.look()
        except BroadsheetError as error:
            log.error("%s No API key is accepted until it can be read.", error)
            self._keys, self._version = {}, None  # a key that was revoked meanwhile must not be accepted
            return TRIES_AGAIN
        return LOOKS_EVERY


def _hash(secret: str) -> bytes:
    # A fast hash is right here: nobody can try all of 256 random bits. Passwords, which people choose, need a slow one.
    return hashlib.sha256(secret.encode()).digest()
