"""How answers are sent: with their validators, and not at all if the caller has them already."""

from __future__ import annotations

from fastapi import Request, Response

from broadsheet.service.serving.stored_pages import Stored


def send(request: Request, stored: Stored, cache_control: str) -> Response:
    """Return the answer of 200, or of 304 if the caller's If-None-Match names the same content."""
    headers = {"ETag": stored.etag, "Cache-Control": cache_control, "Vary": "Authorization, Cookie"}
    if _matches(request.headers.get("if-none-match", ""), stored.etag):
        return Response(status_code=304, headers=headers)
    return Response(stored.body, media_type=stored.media_type, headers=headers)


def _matches(asked: str, etag: str) -> bool:
    return any(part.strip().removeprefix("W/") in (etag, "*") for part in asked.split(","))
