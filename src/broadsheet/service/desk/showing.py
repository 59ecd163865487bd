"""What the desk's pages share: their templates and style, who edits, and the times of forms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse
from starlette.datastructures import FormData

from broadsheet.pages.templates import environment
from broadsheet.service.security.caller import Caller, current_caller, signed_in
from broadsheet.service.security.csrf import FIELD, checked_csrf, csrf_token
from broadsheet.service.serving.problems import ServiceError

if TYPE_CHECKING:
    from jinja2 import Environment

router = APIRouter(include_in_schema=False)

Editor = Annotated[Caller, Depends(signed_in("desk"))]
"""The type of a route's parameter that is the signed-in editor."""
CHECKED = Depends(checked_csrf)
"""The dependency of every route of the desk that changes something."""
LONGEST_FORM = 60
"""Most fields of a form."""
STATIC = {"desk.css": "text/css", "desk.js": "text/javascript"}


async def given_form(request: Request) -> dict[str, str]:
    """Return the texts of a form's fields; of two with one name, the last. Raises ServiceError 422 for too many."""
    form: FormData = await request.form(max_fields=LONGEST_FORM, max_files=0)
    return {name: value.strip() for name, value in form.items() if isinstance(value, str) and name != FIELD}


Form = Annotated[dict[str, str], Depends(given_form)]
"""The type of a route's parameter that is the form that was sent."""


@router.get("/desk/static/{name}")
async def static(name: str) -> Response:
    """Return the style or the script of the desk's pages."""
    if name not in STATIC:
        raise ServiceError(404, "The desk has no such file.")
    return Response(_file(name), media_type=STATIC[name], headers={"Cache-Control": "public, max-age=3600"})


def show(request: Request, template: str, status: int = 200, **values: Any) -> Response:  # noqa: ANN401
    """Return a page of the desk, in which every value is escaped."""
    about = {"editor": current_caller(request).name, "token": csrf_token(request), "field": FIELD}
    page = _templates().get_template(template).render(**about, **values)
    return HTMLResponse(page, status, {"Cache-Control": "no-store"})


def minute(time: datetime | None) -> str:
    """Return a time as the desk shows it; empty for no time."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if time else ""


def given_time(form: Mapping[str, str], name: str) -> str | None:
    """Return the time in a form's field, in UTC as the form says; None where it is empty."""
    text = form.get(name, "")
    return f"{text}Z" if text and text[-1:].isdigit() and "+" not in text else text or None


@cache
def _file(name: str) -> bytes:
    return files(__package__).joinpath("templates", name).read_bytes()


@cache
def _templates() -> Environment:
    found = environment(__package__, "templates")
    found.filters["minute"] = minute
    return found
