"""The service's cookies: their names and attributes, which differ between https and http for work on one machine."""

from __future__ import annotations

from fastapi import Request, Response

from broadsheet.service.security.security import security_of


def is_https(request: Request) -> bool:
    """Return whether readers reach the service by https, as far as is known."""
    return request.scope["scheme"] == "https" or security_of(request).is_https


def cookie(request: Request, name: str) -> str:
    """Return the value of one of our cookies, or an empty text.

    With https the name begins with `__Host-`: a browser takes such a cookie from this very host alone, and no other
    host of the domain can set or replace it.
    """
    return request.cookies.get(_full(request, name), "")


def set_cookie(request: Request, response: Response, name: str, value: str, seconds: int) -> None:
    """Set one of our cookies, which no script can read, and no other site's form can send."""
    secure = is_https(request)
    response.set_cookie(
        _full(request, name), value, max_age=seconds, path="/", secure=secure, httponly=True, samesite="lax"
    )


def delete_cookie(request: Request, response: Response, name: str) -> None:
    """Have the browser forget one of our cookies."""
    set_cookie(request, response, name, "", 0)


def _full(request: Request, name: str) -> str:
    return f"__Host-broadsheet-{name}" if is_https(request) else f"broadsheet-{name}"
