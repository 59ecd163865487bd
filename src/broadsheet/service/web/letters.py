"""Stopping the daily letter: by the link in a letter, and by the button that mail clients show (RFC 8058)."""

from __future__ import annotations

import time

from fastapi import APIRouter, Request, Response

from broadsheet.service.security.security import security_of
from broadsheet.service.serving.service import Serving
from broadsheet.service.web.making.paper import paper_of
from broadsheet.service.web.making.rendering import answer, message, not_found

router = APIRouter(include_in_schema=False)

PURPOSE = "letters"
"""What the tokens of letters are signed for."""
SECONDS = 400 * 86_400
"""For how long the link of a letter works."""
LONGEST = 2_000


@router.get("/letters/{token}")
def ask_to_stop(request: Request, service: Serving, token: str) -> Response:
    """Ask whether to stop the letters: programs that look at links must not stop them."""
    paper = paper_of(service.served.now())
    if not _reader_of(request, token):
        return not_found(paper)
    return answer(paper, "stop_letters.html", "", address=request.url.path)


@router.post("/letters/{token}")
def stop(request: Request, service: Serving, token: str) -> Response:
    """Stop the letters of the reader whose token this is. Mail clients send no cookie: no form has a token."""
    paper, reader_id = paper_of(service.served.now()), _reader_of(request, token)
    if not reader_id:
        return not_found(paper)
    with service.state.change() as database:
        database.execute("INSERT OR IGNORE INTO stopped_letters VALUES (?, ?)", (reader_id, int(time.time())))
    return message(paper, 200, paper.words["letters_stopped"], paper.words["letters_stopped_text"])


def _reader_of(request: Request, token: str) -> str:
    """Return whose letters a token stops; empty for a token that does not hold."""
    if len(token) > LONGEST:
        return ""
    security = security_of(request)
    found, signed = security.secret.signed_when(PURPOSE, token, SECONDS)
    return found if isinstance(found, str) and not security.is_forgotten(found, signed) else ""
