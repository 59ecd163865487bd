"""Signing in and out: `/login` and `/logout`, plain forms that work without JavaScript."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from broadsheet.errors import NewsroomError
from broadsheet.pages.templates import environment
from broadsheet.service.security.accounts import attempts, sessions
from broadsheet.service.security.accounts.users import LONGEST, User, user_of
from broadsheet.service.security.caller import Caller, caller_of
from broadsheet.service.security.cookies import cookie, delete_cookie, set_cookie
from broadsheet.service.security.csrf import FIELD, checked_csrf, csrf_token
from broadsheet.service.security.guarding.address import neighbours
from broadsheet.service.security.security import Security, security_of
from broadsheet.service.serving.problems import documented

router = APIRouter(tags=["users"], include_in_schema=False)

SESSION = "session"
"""Name of the cookie."""
HOME = {"editor": "/desk", "operator": "/ops"}
"""Where users of each role go first."""
WRONG = "Name or password is wrong."

Given = Annotated[str, Form(max_length=LONGEST)]


@router.get("/login")
async def login_page(request: Request, caller: Annotated[Caller, Depends(caller_of)]) -> Response:
    """Return the form in which editors and operators sign in, or out."""
    return _page(request, caller)


@router.get("/login.css")
async def login_style() -> Response:
    """Return the style of that form."""
    return Response(_style(), media_type="text/css", headers={"Cache-Control": "public, max-age=3600"})


@router.post("/login", dependencies=[Depends(checked_csrf)], responses=documented(403, 422, 429, 503))
def log_in(request: Request, name: Given, password: Given) -> Response:
    """Begin a session, and lead to the pages of the user's role; the form again if name or password is wrong."""
    security = security_of(request)
    address: str = request.state.address
    who = _hashes(security, name, address)
    if wait := attempts.begin_attempt(security.state, *who):
        seconds = max(1, round(wait + 0.5))
        words = f"Too many attempts. Wait {seconds} seconds, then try again."
        return _page(request, Caller(), words, 429, {"Retry-After": str(seconds)})
    try:
        user = user_of(security.state, name, password)
    except NewsroomError as error:
        return _page(request, Caller(), str(error), 503, {"Retry-After": "5"})
    if user is None:
        attempts.note_failure(security.state, address)
        return _page(request, Caller(), WRONG, 401)
    attempts.note_success(security.state, *who)
    return _signed_in(request, user, address)


@router.post("/logout", dependencies=[Depends(checked_csrf)], responses=documented(403, 429, 503))
def log_out(request: Request) -> Response:
    """End the session, in every process at once."""
    answer = RedirectResponse("/login", 303)
    caller: Caller = request.state.caller
    if caller.kind == "user":
        sessions.end_session(security_of(request).state, cookie(request, SESSION), caller.name)
    delete_cookie(request, answer, SESSION)
    return answer


def _signed_in(request: Request, user: User, address: str) -> Response:
    answer = RedirectResponse(HOME[user.role], 303)
    session = sessions.begin_session(security_of(request).state, user, address)
    set_cookie(request, answer, SESSION, session, sessions.LONGEST_SECONDS)
    return answer


def _hashes(security: Security, name: str, address: str) -> tuple[bytes, bytes]:
    code = security.secret.code
    return code("attempt name", name.lower()).encode(), code("attempt address", neighbours(address)).encode()


def _page(
    request: Request, caller: Caller, problem: str = "", status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    name = caller.name if caller.kind == "user" else ""
    body = (
        environment(__package__, "templates")
        .get_template("login.html")
        .render(name=name, problem=problem, field=FIELD, token=csrf_token(request))
    )
    return HTMLResponse(body, status, headers)


@cache
def _style() -> bytes:
    return files(__package__).joinpath("templates", "login.css").read_bytes()
