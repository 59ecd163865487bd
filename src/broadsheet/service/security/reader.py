"""The reader of a request: a signed pseudonym in a cookie, made after consent alone, or who the site says it is."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request, Response

from broadsheet.service.security.cookies import cookie, delete_cookie, set_cookie
from broadsheet.service.security.security import security_of

READER, REFUSED = "reader", "consent"
"""Names of the cookies: who the reader is, and that the reader said no, which holds nothing else."""
REMEMBERED = 180 * 86_400
"""Seconds for which consent, or its refusal, is remembered; then the reader is asked again."""


@dataclass(frozen=True)
class Reader:
    """Who reads."""

    id: str = ""
    "The reader's id or pseudonym; empty without consent: then nothing may be stored, and pages are not personal."
    known: bool = False
    "Whether a site said who the reader is; otherwise the id is a pseudonym."
    consent: bool = False
    "Whether the reader agreed to be remembered."
    refused: bool = False
    "Whether the reader said no. A reader who neither agreed nor said no is asked."


def reader_of(request: Request) -> Reader:
    """Return the reader of a request, as the signed cookie says.

    A cookie that is forged, or was set before its reader was forgotten, is as good as no cookie.
    """
    found: Reader | None = getattr(request.state, "reader", None)
    if found is None:
        found = request.state.reader = _read(request)
    return found


async def given_reader(request: Request) -> Reader:
    """Return `reader_of` a request to a route, without a thread for it."""
    return reader_of(request)


RequestReader = Annotated[Reader, Depends(given_reader)]
"""The type of a route's parameter that is the reader of the request."""


def remember_reader(request: Request, response: Response, user_id: str = "") -> Reader:
    """Set the cookie of a reader who agreed, and return the reader: a new pseudonym, or an id that the site gave.

    A reader who has a cookie keeps its id, unless the site gives another id.
    """
    before = reader_of(request)
    reader = Reader(user_id or before.id or f"anon-{secrets.token_urlsafe(16)}", bool(user_id) or before.known, True)
    signed = security_of(request).secret.sign(READER, [reader.id, reader.known])
    set_cookie(request, response, READER, signed, REMEMBERED)
    delete_cookie(request, response, REFUSED)
    request.state.reader = reader
    return reader


def refuse_reader(request: Request, response: Response) -> None:
    """Remember that the reader said no, and forget who the reader was."""
    delete_cookie(request, response, READER)
    set_cookie(request, response, REFUSED, "no", REMEMBERED)
    request.state.reader = Reader(refused=True)


def forget_reader(request: Request, response: Response) -> None:
    """Have the browser forget who the reader was; the reader is asked again."""
    delete_cookie(request, response, READER)
    delete_cookie(request, response, REFUSED)
    request.state.reader = Reader()


def _read(request: Request) -> Reader:
    text = cookie(request, READER)
    security = security_of(request)
    value, signed = security.secret.signed_when(READER, text, REMEMBERED) if text else (None, datetime.now(UTC))
    if isinstance(value, list) and len(value) == 2 and not security.is_forgotten(str(value[0]), signed):
        return Reader(str(value[0]), bool(value[1]), True)
    return Reader(refused=cookie(request, REFUSED) == "no")
