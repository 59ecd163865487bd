"""How answers are sent: with their validators, and not at all if the caller has them already."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel

from broadsheet.service.serving.problems import READING, Responses, documented
from broadsheet.service.serving.stored_pages import Stored

ASK_FIRST = "private, no-cache"
"""A caller may keep the answer, and asks before each use whether it still holds: what is withdrawn is gone at once."""
VARY = "Authorization, Cookie"


def send(request: Request, stored: Stored, cache_control: str, vary: str = VARY) -> Response:
    """Return the answer of 200, or of 304 if the caller's If-None-Match names the same content."""
    headers = {"ETag": stored.etag, "Cache-Control": cache_control, "Vary": vary}
    if _matches(request.headers.get("if-none-match", ""), stored.etag):
        return Response(status_code=304, headers=headers)
    return Response(stored.body, media_type=stored.media_type, headers=headers)


def send_model(request: Request, body: BaseModel) -> Response:
    """Return a model as JSON, with a validator."""
    return send(request, Stored.of(body.model_dump_json().encode(), "application/json"), ASK_FIRST)


def answered(model: type[BaseModel], *statuses: int) -> Responses:
    """Return what a GET route documents that sends a model by `send_model`, and may answer with further `statuses`."""
    unchanged: dict[str, Any] = {"description": "The caller has this answer already, as If-None-Match says."}
    return {200: {"model": model}, 304: unchanged, **documented(*READING, *statuses)}


def _matches(asked: str, etag: str) -> bool:
    return any(part.strip().removeprefix("W/") in (etag, "*") for part in asked.split(","))
