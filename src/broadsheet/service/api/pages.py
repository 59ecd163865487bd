"""Pages: of a reader, of a session that nobody knows, and of many readers at once."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import Future
from functools import partial
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field
from starlette.datastructures import URL

from broadsheet.errors import BroadsheetError
from broadsheet.newsroom.given import given_id, given_ids
from broadsheet.pages.feeds import Addresses
from broadsheet.pages.page import Page
from broadsheet.service.api.forms import CONTENT, AskedForm, Full, as_sent, chosen_form
from broadsheet.service.api.parameters import Exclude, Id, Ids, K, ReaderId, Section, filters_of
from broadsheet.service.api.shapes import PageBody, Pages
from broadsheet.service.security.caller import Caller, needs
from broadsheet.service.security.guarding.head import is_head
from broadsheet.service.security.guarding.headers import policy_of
from broadsheet.service.serving.answers import ASK_FIRST, VARY, answered, send
from broadsheet.service.serving.problems import CHANGING, Responses, documented
from broadsheet.service.serving.service import Service, Serving
from broadsheet.service.serving.shown_pages import shown_page

router = APIRouter(prefix="/v1", tags=["pages"])

OfPages = Annotated[Caller, Depends(needs("pages"))]
Log = Annotated[bool, Query(description="Whether the page counts as shown to the reader: its event is logged.")]
_RESPONSES: Responses = answered(PageBody, 406)
_RESPONSES[200] = {"model": PageBody, "content": CONTENT}


class Wanted(BaseModel, extra="forbid"):
    """What is wanted of pages."""

    k: int = Field(10, ge=1, le=100, description="Most stories on a page.")
    section: str | None = Field(None, max_length=200, description="Only articles of this category.")
    exclude: Ids = Field(default_factory=list, description="Ids of articles that are not wanted.")
    log: bool = Field(False, description="Whether the pages count as shown: their events are logged.")


class SessionWanted(Wanted):
    """What is known of a session, and what is wanted of its page."""

    history: Ids = Field(default_factory=list, description="Ids of articles read in the session, oldest first.")
    profile: str = Field("", max_length=500, description="Words on interests.")


class PagesWanted(Wanted):
    """Readers, and what is wanted of their pages."""

    readers: Annotated[list[Id], Field(min_length=1, max_length=100)]


@router.get("/readers/{user_id:path}/page", responses=_RESPONSES)
async def page(
    request: Request,
    service: Serving,
    _: OfPages,
    user_id: ReaderId,
    k: K = 10,
    section: Section = None,
    exclude: Exclude = None,
    form: AskedForm = None,
    full: Full = False,
    log: Log = True,
) -> Response:
    """Return the page of a reader: at most k stories, best first.

    The page is sent again until something changes that it depends on; each form of it is a page of its own.
    """
    form, user_id = chosen_form(form, request.headers.get("accept", "")), given_id(user_id, "user_id")
    filters = filters_of(section, exclude)
    opened = service.served.now()
    key = await service.key_of(opened, user_id, form, full, k, json.dumps(filters))
    stored = await shown_page(
        service,
        key,
        partial(service.page, user_id, k, filters),
        lambda made: as_sent(made, form, _addresses(service, request), full=full),
        is_shown=log and not is_head(request),
    )
    answer = send(request, stored, ASK_FIRST, f"Accept, {VARY}")
    if form == "html":
        answer.headers["Content-Security-Policy"] = policy_of(stored.body)
    return answer


@router.post("/session/page", responses=documented(*CHANGING))
async def session_page(service: Serving, _: OfPages, wanted: SessionWanted) -> PageBody:
    """Return the page of a session whose reader nobody knows; nothing of the session is kept."""
    filters = filters_of(wanted.section, wanted.exclude)
    run = service.pipeline.run_session
    made = await service.work(run, wanted.history, wanted.profile, wanted.k, filters)
    return (await anyio.to_thread.run_sync(_bodies, service, [made], wanted.log))[0]


@router.post("/pages", responses=documented(*CHANGING))
async def pages(service: Serving, _: OfPages, wanted: PagesWanted) -> Pages:
    """Return the pages of up to 100 readers, in the order of their ids."""
    filters = filters_of(wanted.section, wanted.exclude)
    waiting = _all_asked(service, given_ids(wanted.readers, "readers"), wanted.k, filters)
    made = await asyncio.gather(*map(asyncio.wrap_future, waiting))
    return Pages(pages=await anyio.to_thread.run_sync(_bodies, service, made, wanted.log))


def _all_asked(service: Service, user_ids: list[str], k: int, filters: dict[str, Any]) -> list[Future[Page]]:
    """Ask for the pages of all readers, or of none: once a page is refused, nobody waits for the others."""
    waiting = list[Future[Page]]()
    try:
        for user_id in user_ids:
            waiting.append(service.page(user_id, k, filters))
    except BroadsheetError:
        for page in waiting:
            page.cancel()
        raise
    return waiting


def _bodies(service: Service, made: list[Page], is_shown: bool) -> list[PageBody]:
    events = [page.event() for page in made if page.stories.num_rows]
    if is_shown and events:
        service.log(events)
    return [PageBody.model_validate(page.to_dict()) for page in made]


def _addresses(service: Service, request: Request) -> Addresses:
    """Return the address of a feed under the service's public address; empty where that is not set."""
    public, asked = service.config.service.public_url.rstrip("/"), URL(scope=request.scope)
    known: dict[str, Any] = {"feed": f"{public}{asked.path}?{asked.query}".rstrip("?"), "home": f"{public}/"}
    return Addresses(**known) if public else Addresses()
