"""Cursors: where a caller goes on in a list. A cursor belongs to one list of one edition and checks itself."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from hashlib import blake2b
from typing import Annotated

from fastapi import Query

from broadsheet.service.serving.problems import ServiceError

LONGEST = 4_000
"""Most characters of a cursor: it holds the id of an article and the name of a list, of up to 4 bytes a character."""
Cursor = Annotated[
    str | None, Query(min_length=1, max_length=LONGEST, description="The `next` of the answer before; begin without.")
]
"""The type of a route's parameter that is a cursor."""


def part_of(ids: Sequence[str], k: int, listed: str, edition: str, cursor: str | None) -> tuple[slice, str | None]:
    """Return which k ids of a list come next, and the cursor of the ids after them; None at the end.

    `listed` names the list, with all that shapes it. Raises ServiceError 422 for the cursor of another list, and 410
    where its edition, or the id at which it stands, is gone.
    """
    start = 0 if cursor is None else _place(ids, _read(cursor, listed, edition))
    chosen = slice(start, start + k)
    return chosen, _written(listed, edition, ids[start + k - 1]) if start + k < len(ids) else None


def _place(ids: Sequence[str], after: str) -> int:
    try:
        return ids.index(after) + 1
    except ValueError:
        raise ServiceError(410, "The article at which the cursor stands is gone. Begin without a cursor.") from None


def _written(listed: str, edition: str, after: str) -> str:
    text = json.dumps([listed, edition, after], ensure_ascii=False).encode()
    return urlsafe_b64encode(_check(text) + text).decode().rstrip("=")


def _read(cursor: str, listed: str, edition: str) -> str:
    try:
        raw = urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
        check, text = raw[:6], raw[6:]
        if check != _check(text):
            raise ValueError
        of_list, of_edition, after = json.loads(text)
    except ValueError:
        raise ServiceError(422, "cursor: found a text that is no cursor, expected the `next` of an answer.") from None
    if of_list != listed:
        raise ServiceError(422, "cursor: found the cursor of another list. Ask for each part with the same parameters.")
    if of_edition != edition:
        raise ServiceError(410, "The edition of the cursor was replaced. Begin without a cursor.")
    return str(after)


def _check(text: bytes) -> bytes:
    return blake2b(text, digest_size=6).digest()
