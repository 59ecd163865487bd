"""The route of the style and the script of the readers' pages."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request, Response

from broadsheet.service.serving.answers import send
from broadsheet.service.serving.service import Serving
from broadsheet.service.web.making.paper import given_paper
from broadsheet.service.web.making.rendering import not_found
from broadsheet.service.web.making.static_content import SITE_STYLE

router = APIRouter(include_in_schema=False)

A_YEAR = 31_536_000


@router.get("/static/{name}")
async def static(request: Request, service: Serving, name: Literal["paper.css", "paper.js", "site.css"]) -> Response:
    """Return a static file, which a browser may keep for a year: a changed file has another address."""
    paper = await given_paper(service.served.now())
    if name == SITE_STYLE and paper.style is None:
        return not_found(paper)
    return send(request, paper.static(name), f"public, max-age={A_YEAR}, immutable", "Accept-Encoding")
