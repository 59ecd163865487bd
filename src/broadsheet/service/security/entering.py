"""A site that knows a reader hands the reader over: a token for the site's server, and `/enter` for the browser.

Another token lets a page of the site show the reader's first stories, and makes the browser nobody.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import time
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field

from broadsheet.newsroom.given import given_id
from broadsheet.service.security.caller import needs
from broadsheet.service.security.guarding.head import is_head
from broadsheet.service.security.reader import remember_reader
from broadsheet.service.security.security import Security, security_of
from broadsheet.service.serving.problems import ServiceError, documented

router = APIRouter(tags=["readers"])

PURPOSE, SECONDS = "enter", 60
"""What the token is signed for, and how long it holds: it stands in an address, so it is short-lived and used once."""

EMBED, EMBED_SECONDS = "embed", 3600
"""The same of the token with which a page of the site shows a reader's stories, as often as the page is loaded."""

UserId = Annotated[str, Path(min_length=1, max_length=512, description="The reader's id.")]


class EnterToken(BaseModel):
    """What a site sends a reader's browser with."""

    token: str = Field(description="For /enter?token=TOKEN; holds once.")
    path: str = Field(description="The address on this service to redirect the reader's browser to.")
    seconds: int = Field(description="Seconds for which the token holds.")


@router.post(
    "/v1/readers/{user_id:path}/token",
    dependencies=[Depends(needs("readers"))],
    responses=documented(401, 403, 404, 422, 429),
)
async def enter_token(request: Request, user_id: UserId) -> EnterToken:
    """Return a token with which a reader's browser says who it is, in place of its pseudonym.

    The site asks for it only for a reader who agreed to be remembered.
    """
    token = security_of(request).secret.sign(PURPOSE, [given_id(user_id, "user_id"), secrets.token_hex(8)])
    return EnterToken(token=token, path=f"/enter?token={token}", seconds=SECONDS)


class EmbedToken(BaseModel):
    """What a site writes into its own page for `/embed.js`."""

    token: str = Field(description="For the attribute data-reader of the script tag.")
    seconds: int = Field(description="Seconds for which the token holds.")


@router.post(
    "/v1/readers/{user_id:path}/embed-token",
    dependencies=[Depends(needs("pages"))],
    responses=documented(401, 403, 404, 422, 429),
)
async def embed_token(request: Request, user_id: UserId) -> EmbedToken:
    """Return a token with which the site's page shows the reader's own stories; the token is good for nothing else.

    The site asks for it only for a reader who agreed to be remembered.
    """
    signed = security_of(request).secret.sign(EMBED, given_id(user_id, "user_id"))
    return EmbedToken(token=signed, seconds=EMBED_SECONDS)


def reader_of_embed(request: Request, token: str) -> str:
    """Return whose stories a token shows; raises ServiceError 403 for a token that is forged or too old."""
    security = security_of(request)
    signed, when = security.secret.signed_when(EMBED, token, EMBED_SECONDS)
    if not isinstance(signed, str) or security.is_forgotten(signed, when):
        raise ServiceError(403, "This token is forged, or older than an hour. Load the site's page again.")
    return signed


@router.get("/enter", responses=documented(403, 422, 429, 503), status_code=303, response_class=RedirectResponse)
def enter(request: Request, token: Annotated[str, Query(min_length=1, max_length=4000)]) -> Response:
    """Remember who the reader is, as the site's token says, and lead to the front page."""
    security = security_of(request)
    signed, when = security.secret.signed_when(PURPOSE, token, SECONDS)
    if signed and security.is_forgotten(signed[0], when):
        signed = None
    if signed and is_head(request):  # a program that looks where the link leads; the token is the reader's to use
        return RedirectResponse("/", 303)
    if not signed or not _is_first_use(security, signed[1]):
        raise ServiceError(403, "This token is forged, used already, or older than a minute. Come from the site again.")
    answer = RedirectResponse("/", 303)
    remember_reader(request, answer, signed[0])
    return answer


def _is_first_use(security: Security, number: str) -> bool:
    """Note the random number of a token, and return whether it is new; the token itself has several spellings."""
    now = int(time.time())
    try:
        with security.state.change() as db:
            db.execute("DELETE FROM entered WHERE until < ?", (now,))
            digest = hashlib.sha256(number.encode()).digest()
            db.execute("INSERT INTO entered VALUES (?, ?)", (digest, now + 2 * SECONDS))
    except sqlite3.IntegrityError:
        return False
    return True
