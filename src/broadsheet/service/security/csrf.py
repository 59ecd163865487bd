"""Requests that another site makes a browser send are refused: by where they come from, and by a token.

Each form of a page has `<input type="hidden" name="csrf_token" value="{{ csrf_token(request) }}">`; a script sends the
header X-CSRF-Token. The route has `dependencies=[Depends(checked_csrf)]`. An API key needs no token: a browser sends no
key by itself.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import Request

from broadsheet.service.security.reader import reader_of
from broadsheet.service.security.security import security_of
from broadsheet.service.serving.problems import ServiceError

FIELD, HEADER = "csrf_token", "X-CSRF-Token"
"""The form field and the header that hold the token."""


def csrf_token(request: Request) -> str:
    """Return the token of a signed-in user's session or of a reader's cookie; empty for a browser that has neither.

    It stays the same as long as the session or the reader, so that a page that did not change has the same bytes.
    """
    owner = _owner(request)
    return security_of(request).secret.code("csrf", owner) if owner else ""


async def checked_csrf(request: Request) -> None:
    """Raise ServiceError 403 unless the request comes from our own page, with its token in the header or the form.

    A browser without session and reader has no token, and is checked by where its request comes from.
    """
    if getattr(request.state, "by_key", False):
        return
    token = request.headers.get(HEADER, "")
    kind = request.headers.get("content-type", "")
    if not token and kind.startswith(("application/x-www-form-urlencoded", "multipart/form-data")):
        given = (await request.form()).get(FIELD, "")
        token = given if isinstance(given, str) else ""
    check_csrf(request, token)


def check_csrf(request: Request, token: str) -> None:
    """Raise ServiceError 403 unless the request comes from our own page and this is its token.

    For routes that find the token elsewhere, such as in the body of `navigator.sendBeacon`.
    """
    if getattr(request.state, "by_key", False):
        return
    _check_origin(request)
    owner = _owner(request)
    if owner and not security_of(request).secret.is_code("csrf", owner, token):
        raise ServiceError(403, "The form's token is missing or out of date. Load the page again and repeat the act.")


def _owner(request: Request) -> str:
    session: str = getattr(request.state, "session", "")
    reader = reader_of(request)
    return f"session {session}" if session else f"reader {reader.id}" if reader.id else ""


def _check_origin(request: Request) -> None:
    site, origin = request.headers.get("sec-fetch-site", ""), request.headers.get("origin", "")
    if site not in ("", "same-origin", "none") or (origin and not _is_ours(request, origin)):
        raise ServiceError(
            403,
            "The request comes from another site. If it comes from a page of this service, set public_url in section "
            "[service] of broadsheet.toml to the address under which readers reach it.",
        )


def _is_ours(request: Request, origin: str) -> bool:
    host = request.headers.get("host", "").lower()
    public = urlsplit(security_of(request).settings.public_url.lower())
    if host == public.netloc:
        return origin.lower() == f"{public.scheme}://{host}"
    return origin.lower() in (f"http://{host}", f"https://{host}", f"{public.scheme}://{public.netloc}")
