"""Feeds of a page: of the page for everybody, and of a reader's page under a private address."""

from __future__ import annotations

import asyncio
from typing import Literal

import anyio.to_thread
from fastapi import APIRouter, Query, Request, Response

from broadsheet.pages.feeds import FEEDS, Addresses
from broadsheet.pages.page import Page
from broadsheet.service.serving.answers import ASK_FIRST, send
from broadsheet.service.serving.service import Service, Serving
from broadsheet.service.serving.shown_pages import shown_page
from broadsheet.service.serving.stored_pages import Stored
from broadsheet.service.web.front import PLACES, page_for_everybody
from broadsheet.service.web.making.feed_addresses import reader_of_feed
from broadsheet.service.web.making.paper import given_paper
from broadsheet.service.web.making.rendering import not_found

router = APIRouter(include_in_schema=False)

FORMS = {"rss": "rss", "atom": "atom", "json": "jsonfeed"}
Form = Literal["rss", "atom", "json"]
VARY = "Accept-Encoding"


@router.get("/feed.{form}")
async def feed(request: Request, service: Serving, form: Form, full: bool = Query(False)) -> Response:
    """Return the page for everybody as a feed, with headlines alone or in full."""
    stored = await _feed(request, service, "", form, full)
    return send(request, stored, f"public, max-age={service.stored.seconds:.0f}", VARY)


@router.get("/feeds/{token}/feed.{form}")
async def feed_of_reader(
    request: Request, service: Serving, token: str, form: Form, full: bool = Query(False)
) -> Response:
    """Return a reader's page as a feed; whoever has the address may read it, and nothing is logged."""
    reader_id = await anyio.to_thread.run_sync(reader_of_feed, service, token) if len(token) <= 100 else ""
    if not reader_id:
        return not_found(await given_paper(service.served.now()))
    return send(request, await _feed(request, service, reader_id, form, full), ASK_FIRST, VARY)


async def _feed(request: Request, service: Service, reader_id: str, form: str, full: bool) -> Stored:
    base = service.config.service.public_url.rstrip("/") or str(request.base_url).rstrip("/")
    own = f"{base}{request.url.path}{'?full=1' if full else ''}"
    write_feed, kind = FEEDS[FORMS[form]]

    def make() -> asyncio.Future[Page]:
        if reader_id:
            return asyncio.wrap_future(service.page(reader_id, PLACES, {}))
        return asyncio.ensure_future(page_for_everybody(service, "", PLACES))

    def write(page: Page) -> Stored:
        return Stored.of(write_feed(page, Addresses(own, f"{base}/"), full=full), kind)

    key = await service.key_of(service.served.now(), reader_id, "feed", form, own)
    return await shown_page(service, key, make, write, is_shown=False)
