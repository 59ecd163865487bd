"""Stories on a site's own pages: `/embed.js`, one script tag, and the stories that it asks for."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import Future
from functools import partial
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request, Response

from broadsheet.pages.page import Page
from broadsheet.pages.rendering import story_fields
from broadsheet.service.security.entering import reader_of_embed
from broadsheet.service.serving.answers import send
from broadsheet.service.serving.service import Service, Serving
from broadsheet.service.serving.shown_pages import shown_page
from broadsheet.service.serving.stored_pages import Stored
from broadsheet.service.web.front import only, page_for_everybody
from broadsheet.service.web.making.paper import Paper, given_paper
from broadsheet.service.web.making.static_content import content

router = APIRouter(include_in_schema=False)

MOST = 10
LONGEST = 2_000
"""Most characters of a token."""
_SHOWN = ("news_id", "headline", "summary", "category", "source", "date", "link", "image", "why", "marks")


@router.get("/embed.js")
async def script(request: Request) -> Response:
    """Return the script that a site includes on its pages."""
    answer = send(request, content("embed.js"), "public, max-age=3600", "Accept-Encoding")
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


@router.get("/embed.json")
async def stories(
    request: Request,
    service: Serving,
    k: Annotated[int, Query(ge=1, le=MOST)] = 5,
    section: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Return the first stories of the page for everybody, for the pages of the sites that the settings allow."""
    stored = await _stories(service, "", section, k)
    return _to_site(request, service, stored, f"public, max-age={service.stored.seconds:.0f}")


@router.post("/embed.json")
async def stories_of_reader(
    request: Request,
    service: Serving,
    reader: Annotated[str, Form(max_length=LONGEST)],
    k: Annotated[int, Form(ge=1, le=MOST)] = 5,
    section: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Return the first stories of the reader whom the site's token names; nothing is logged.

    The token stands in a form, so that it is in no address and in no log, and no cookie is read.
    """
    stored = await _stories(service, reader_of_embed(request, reader), section, k)
    return _to_site(request, service, stored, "no-store")


async def _stories(service: Service, reader_id: str, section: str, k: int) -> Stored:
    opened = service.served.now()
    paper = await given_paper(opened)
    section = section if section in paper.all_sections else ""

    def make() -> Future[Page] | asyncio.Future[Page]:
        if reader_id:
            return service.page(reader_id, k, only(section))
        return asyncio.ensure_future(page_for_everybody(service, section, k))

    key = await service.key_of(opened, reader_id, "embed", k, section)
    return await shown_page(service, key, make, partial(_written, paper), is_shown=False)


def _written(paper: Paper, page: Page) -> Stored:
    shown = [story_fields(row, paper.look) for row in page.stories.to_pylist()]
    found = [
        {name: one[name] for name in _SHOWN} | {"story": f"/story/{quote(one['news_id'], safe='')}"} for one in shown
    ]
    body = {"name": paper.look.name, "language": paper.look.language, "stories": found}
    return Stored.of(json.dumps(body, ensure_ascii=False).encode(), "application/json")


def _to_site(request: Request, service: Service, stored: Stored, cache_control: str) -> Response:
    """Return stories to a browser on a page of another site, which may read them if the settings name its origin."""
    answer = send(request, stored, cache_control, "Origin")
    origin = request.headers.get("origin", "")
    if origin and origin in (each.rstrip("/") for each in service.config.service.embed_origins):
        answer.headers["Access-Control-Allow-Origin"] = origin
        answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer
