"""The route of the style and the script of the readers' pages."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request, Response

from broadsheet.service.serving.answers import send
from broadsheet.service.web.making.static_content import content

router = APIRouter(include_in_schema=False)

A_YEAR = 31_536_000


@router.get("/static/{name}")
async def static(request: Request, name: Literal["paper.css", "paper.js"]) -> Response:
    """Return a static file, which a browser may keep for a year: a changed file has another address."""
    return send(request, content(name), f"public, max-age={A_YEAR}, immutable", "Accept-Encoding")
