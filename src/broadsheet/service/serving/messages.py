"""The types of ASGI: what passes between the server, the middleware and the application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""The methods that logs and metrics name; any other method is "other"."""


def header(scope: Message, name: bytes) -> bytes:
    """Return the first value of a request's header, whose name is given in small letters; empty if it has none."""
    for given, value in scope["headers"]:
        if given == name:
            return bytes(value)
    return b""
