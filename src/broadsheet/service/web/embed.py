"""Stories on a site's own pages: `/embed.js`, one script tag, and the stories that it asks for."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response

from broadsheet.pages.page import Page
from broadsheet.pages.rendering import story_fields
from broadsheet.service.serving.answers import send
from broadsheet.service.serving.service import Serving
from broadsheet.service.serving.shown_pages import shown_page
from broadsheet.service.serving.stored_pages import Stored
from broadsheet.service.web.front import page_for_everybody
from broadsheet.service.web.making.paper import given_paper
from broadsheet.service.web.making.static_content import content

router = APIRouter(include_in_schema=False)

MOST = 10
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
    opened = service.served.now()
    paper = await given_paper(opened)
    section = section if section in paper.all_sections else ""

    def write(page: Page) -> Stored:
        shown = [story_fields(row, paper.look) for row in page.stories.to_pylist()]
        found = [
            {name: one[name] for name in _SHOWN} | {"story": f"/story/{quote(one['news_id'], safe='')}"}
            for one in shown
        ]
        body = {"name": paper.look.name, "language": paper.look.language, "stories": found}
        return Stored.of(json.dumps(body, ensure_ascii=False).encode(), "application/json")

    def make() -> asyncio.Future[Page]:
        return asyncio.ensure_future(page_for_everybody(service, section, k))

    key = await service.key_of(opened, "", "embed", k, section)
    stored = await shown_page(service, key, make, write, is_shown=False)
    answer = send(request, stored, f"public, max-age={service.stored.seconds:.0f}", "Origin")
    origin = request.headers.get("origin", "")
    if origin and origin in service.config.service.embed_origins:
        answer.headers["Access-Control-Allow-Origin"] = origin
        answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer
