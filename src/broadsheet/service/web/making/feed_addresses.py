"""The private addresses of readers' feeds: each holds a token that nobody can guess, and ends when a reader says so.

Of a token only its hash is kept, so that whoever reads the database cannot read the feeds.
"""

from __future__ import annotations

import hashlib
import secrets
import time

from broadsheet.service.serving.service import Service


def new_feed(service: Service, reader_id: str) -> str:
    """Return the token of a new address of a reader's feeds; an earlier one ends."""
    token = secrets.token_urlsafe(24)
    with service.state.change() as database:
        database.execute("DELETE FROM feeds WHERE reader = ?", (reader_id,))
        database.execute("INSERT INTO feeds VALUES (?, ?, ?)", (_hash(token), reader_id, int(time.time())))
    return token


def no_feed(service: Service, reader_id: str) -> None:
    """End the address of a reader's feeds, if there is one."""
    with service.state.change() as database:
        database.execute("DELETE FROM feeds WHERE reader = ?", (reader_id,))


def has_feed(service: Service, reader_id: str) -> bool:
    """Return whether a reader's feeds have an address."""
    found = service.state.rows("SELECT reader, made FROM feeds WHERE reader = ?", reader_id)
    return bool(found) and not _is_forgotten(service, *found[0])


def reader_of_feed(service: Service, token: str) -> str:
    """Return whose feeds a token leads to; empty for a token that does not hold, as after its reader was forgotten."""
    found = service.state.rows("SELECT reader, made FROM feeds WHERE hash = ?", _hash(token))
    return "" if not found or _is_forgotten(service, *found[0]) else str(found[0][0])


def _is_forgotten(service: Service, reader_id: str, made: int) -> bool:
    until = service.pipeline.bench.data.readers.forgotten().until(reader_id)
    return until is not None and made <= until.timestamp()


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
