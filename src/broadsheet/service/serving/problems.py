"""Errors as problem documents (RFC 9457): one form for all of the API, and no word of what is inside the server."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from broadsheet.errors import BroadsheetError, ConfigError, CorpusError, DiskError, InputError, NewsroomError
from broadsheet.tables.files import is_read_only
from broadsheet.text import one_line, shortened

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
Responses = dict[int | str, dict[str, Any]]
"""What a route documents of its answers, by status."""
LONGEST_DETAIL = 500
READING = (400, 401, 403, 404, 422, 429, 500, 503)
"""Statuses with which any route that needs a scope may answer in place of what was asked for."""
CHANGING = (*READING, 408, 409, 413, 415, 507)
"""Statuses of a route that takes a body, or changes something."""
RETRY_SECONDS = 2
"""Seconds after which a caller may try again where the service could not answer."""


class Problem(BaseModel):
    """A problem document of RFC 9457."""

    type: str = Field("about:blank", description="What kind of problem it is; about:blank for that of the status.")
    title: str = Field(description="The status in words.")
    status: int = Field(description="The HTTP status, 400 to 599.")
    detail: str = Field(description="What was found, what was expected, and what to do.")
    errors: list[dict[str, str]] = Field(default_factory=list, description="Each wrong value: `at` and `detail`.")


class ServiceError(Exception):
    """What a route raises to answer with a problem: its status, what is wrong, and headers of the answer."""

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers or {}


def problem(
    status: int, detail: str, headers: dict[str, str] | None = None, errors: list[dict[str, str]] | None = None
) -> JSONResponse:
    """Return the answer that says what is wrong."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    if errors:
        body["errors"] = errors
    return JSONResponse(body, status, {"Cache-Control": "no-store", **(headers or {})}, MEDIA_TYPE)


def documented(*statuses: int) -> Responses:
    """Return the problems that a route can answer with, as FastAPI documents them."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }


def status_of(error: BroadsheetError) -> int:
    """Return the status with which an error of the package is answered."""
    if isinstance(error, InputError | CorpusError):
        return 422
    if isinstance(error, DiskError):
        return 507
    return 500 if isinstance(error, ConfigError) else 503 if isinstance(error, NewsroomError) else 500


def told(error: Exception) -> dict[str, Any]:
    """Return an error as the problem that an answer tells which has begun already; the log says the rest."""
    log.error("%s", error, exc_info=None if isinstance(error, BroadsheetError) else error)
    status = status_of(error) if isinstance(error, BroadsheetError) else 500
    detail = "The answer ends here; the service's log says why. Ask again later."
    return {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}


def _detail(request: Request, error: HTTPException, headers: dict[str, str]) -> str:
    """Return what an answer of the framework says, and what to do where its own words are those of the status."""
    if error.status_code == HTTPStatus.NOT_FOUND and error.detail == HTTPStatus.NOT_FOUND.phrase:
        return f"No route has the path {shortened(one_line(request.url.path), 80)}. /v1/openapi.json lists the routes."
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED and "Allow" in headers:
        return f"This path does not take {request.method}; expected {headers['Allow']}."
    return str(error.detail)


def _wrong(found: dict[str, Any]) -> dict[str, str]:
    """Return where a request has a wrong value, and what is wrong."""
    if found["type"] == "json_invalid":
        place = f" at character {found['loc'][-1]}" if found["loc"] else ""
        return {"at": "body", "detail": f"expected JSON; not so{place}: {found['ctx']['error']}"}
    return {"at": ".".join(map(str, found["loc"])), "detail": found["msg"]}


def handle_problems(app: FastAPI, shown: Callable[[Request, JSONResponse], Awaitable[Response]]) -> None:
    """Answer every error with a problem document; `shown` makes of it what its caller reads, such as a page."""

    @app.exception_handler(ServiceError)
    async def of_service(request: Request, error: ServiceError) -> Response:
        return await shown(request, problem(error.status, error.detail, error.headers))

    @app.exception_handler(HTTPException)
    async def of_http(request: Request, error: HTTPException) -> Response:
        headers = dict(error.headers or {})
        if "GET" in headers.get("Allow", ""):
            headers["Allow"] += ", HEAD"  # which is answered wherever GET is
        return await shown(request, problem(error.status_code, _detail(request, error, headers), headers))

    @app.exception_handler(RequestValidationError)
    async def of_values(request: Request, error: RequestValidationError) -> Response:
        wrong = [_wrong(each) for each in error.errors()]
        detail = "; ".join(f"{each['at']}: {each['detail']}" for each in wrong)
        return await shown(request, problem(422, shortened(one_line(detail), LONGEST_DETAIL), errors=wrong))

    @app.exception_handler(BroadsheetError)
    async def of_package(request: Request, error: BroadsheetError) -> Response:
        status = status_of(error)
        if status < 500:
            folder = f"{request.app.state.service.newsroom.path}"
            detail = shortened(one_line(str(error).replace(folder, "newsroom")), LONGEST_DETAIL)
            return await shown(request, problem(status, detail))
        log.error("%s", error)  # may name files of the server, which no caller is told
        headers = {"Retry-After": str(RETRY_SECONDS)} if status == 503 else None
        detail = "The service cannot answer now; its log says why. Try again later."
        return await shown(request, problem(status, detail, headers))

    @app.exception_handler(OSError)
    async def of_system(request: Request, error: OSError) -> Response:
        log.error("A request failed.", exc_info=error)
        if is_read_only(error):
            detail = "This service may not write to the newsroom. Send changes to the machine that may."
            return await shown(request, problem(503, detail))
        return await shown(request, problem(500, "The service failed; its log says why."))

    @app.exception_handler(Exception)
    async def of_program(request: Request, error: Exception) -> Response:
        log.exception("A request failed.", exc_info=error)
        return await shown(request, problem(500, "The service failed; its log says why."))
