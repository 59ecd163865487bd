"""The front page and the pages of sections: a reader's own, or the page that is the same for everybody."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response

from broadsheet.pages.page import Page
from broadsheet.service.security.csrf import csrf_token
from broadsheet.service.security.guarding.head import is_head
from broadsheet.service.security.reader import Reader, RequestReader
from broadsheet.service.serving.answers import ASK_FIRST, send
from broadsheet.service.serving.served import Open
from broadsheet.service.serving.service import Service, Serving
from broadsheet.service.serving.shown_pages import shown_page
from broadsheet.service.serving.stored_pages import Stored
from broadsheet.service.web.making.columns import columns_of
from broadsheet.service.web.making.kept_pages import keep_page
from broadsheet.service.web.making.paper import given_paper, paper_of, section_address
from broadsheet.service.web.making.rendering import HTML, html, not_found, notice_of, with_notice
from broadsheet.service.web.making.stories import shown_stories

router = APIRouter(include_in_schema=False)

PLACES = 20
"""Stories of a page."""
EVERYBODY = "/everybody"
VARY = "Cookie"


@router.get("/")
async def front(request: Request, service: Serving, reader: RequestReader) -> Response:
    """Return the front page of a reader; without consent, the page for everybody with the question."""
    return await _page(request, service, reader, "")


@router.get("/section/{name:path}")
async def section(request: Request, service: Serving, reader: RequestReader, name: str) -> Response:
    """Return the page of a section."""
    paper = await given_paper(service.served.now())
    return await _page(request, service, reader, name) if name in paper.all_sections else not_found(paper)


@router.get(EVERYBODY)
async def everybody(request: Request, service: Serving) -> Response:
    """Return the page that is not personal: no cookie is read, and every reader gets the same bytes."""
    stored = await _for_everybody(service, service.served.now(), "", EVERYBODY, refused=True)
    return send(request, stored, f"public, max-age={service.stored.seconds:.0f}", "Accept-Encoding")


async def page_for_everybody(service: Service, section: str, places: int) -> Page:
    """Return a fresh page that is not personal."""
    return await service.work(service.pipeline.run_session, [], "", places, only(section))


def only(section: str) -> dict[str, Any]:
    """Return the filters of a section's page; no filters for the front page."""
    return {"only": {"category": [section]}} if section else {}


async def _page(request: Request, service: Service, reader: Reader, name: str) -> Response:
    opened, here = service.served.now(), section_address(name) or "/"
    if not reader.id:
        stored = await _for_everybody(service, opened, name, here, refused=reader.refused)
        return send(request, stored, ASK_FIRST, VARY)
    token = csrf_token(request)
    key = await service.key_of(opened, reader.id, "web", name, token)
    make, write = (
        partial(service.page, reader.id, PLACES, only(name)),
        partial(_of_reader, service, opened, name, token),
    )
    stored = await shown_page(service, key, make, write, is_shown=not is_head(request))
    if "done" in request.query_params:
        stored = with_notice(stored, notice_of(request, await given_paper(opened), here, token))
    return send(request, stored, ASK_FIRST, VARY)


async def _for_everybody(service: Service, opened: Open, name: str, here: str, *, refused: bool) -> Stored:
    """Return a page that is not personal, as it is stored; the question of consent is on it unless it was answered."""
    key: Hashable = await service.key_of(opened, "", "web", name, here, refused)

    def write(page: Page) -> Stored:
        values = {"asks": not refused, "may_ask_again": refused and here != EVERYBODY}
        return Stored.of(_html(opened, page, name, here, **values).encode(), HTML)

    def make() -> asyncio.Future[Page]:
        return asyncio.ensure_future(page_for_everybody(service, name, PLACES))

    return await shown_page(service, key, make, write, is_shown=False)


def _of_reader(service: Service, opened: Open, name: str, token: str, page: Page) -> Stored:
    keep_page(service, page)
    text = _html(opened, page, name, section_address(name) or "/", token=token, page_id=page.page_id)
    return Stored.of(text.encode(), HTML)


def _html(opened: Open, page: Page, name: str, here: str, **values: Any) -> str:  # noqa: ANN401
    paper, catalogue = paper_of(opened), opened.pipeline.bench.data.catalogue
    words, is_own = paper.words, bool(page.user_id)
    rows = page.stories.to_pylist()
    if not is_own:  # all stories of such a page are there for being new or much read
        rows = [{**row, "reason": ""} for row in rows]
    stories = shown_stories(rows, paper, catalogue, values.get("page_id", ""))
    about = {
        "section": name,
        "stories": stories,
        "columns": columns_of(stories),
        "page_id": "",
        "day": paper.look.day(page.as_of),
        "as_of": page.as_of,
        "for_whom": words["for_you" if is_own else "for_everybody"],
        "interests": page.interests if is_own else "",
        "note": page.note if is_own and stories else "",
        "edition": words["edition"].format(edition=page.edition),
        "asks": False,
        "may_ask_again": False,
    }
    return html(paper, "front.html", here, **(about | values))
