"""The templates of the operator's pages, filled in, and their style."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

from fastapi import APIRouter, Request, Response

from broadsheet.pages.templates import environment
from broadsheet.service.security.caller import current_caller
from broadsheet.service.security.csrf import FIELD, csrf_token
from broadsheet.service.serving.answers import send
from broadsheet.service.serving.service import service_of
from broadsheet.service.serving.stored_pages import Stored

HTML = "text/html; charset=utf-8"

router = APIRouter(include_in_schema=False)


@router.get("/ops/ops.css")
async def style(request: Request) -> Response:
    """Return the style of the pages, which a browser may keep for a year: a changed style has another address."""
    return send(request, _style(), "public, max-age=31536000, immutable")


def page(request: Request, template: str, here: str, status: int = 200, **values: Any) -> Response:  # noqa: ANN401
    """Return a page of the operator's view, made for this request alone; `here` is its address."""
    service = service_of(request)
    shared = {
        "newsroom": service.newsroom.path.name,
        "user": current_caller(request).name,
        "here": here,
        "field": FIELD,
        "token": csrf_token(request),
        "style": f"/ops/ops.css?v={hashlib.sha256(_style().body).hexdigest()[:12]}",
    }
    body = environment(__package__, "templates").get_template(template).render(shared | values)
    return Response(body, status, {"Cache-Control": "private, no-store"}, HTML)


@cache
def _style() -> Stored:
    return Stored.of((files(__package__) / "templates" / "ops.css").read_bytes(), "text/css; charset=utf-8")
