"""Who sends a request, and what that caller may do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, Request

from broadsheet.service.serving.problems import ServiceError

SCOPES = {
    "pages": "make pages of any reader, ask, and read lists of articles",
    "events": "log what readers do",
    "articles": "add, correct and withdraw articles",
    "readers": "read, change, export and forget readers",
    "desk": "change the front page as an editor",
    "operations": "see and change editions, read metrics and experiments",
}
"""What each scope lets its caller do."""
ROLES = {
    "reader": frozenset[str](),
    "site": frozenset({"pages", "events", "articles", "readers"}),
    "editor": frozenset({"pages", "articles", "desk"}),
    "operator": frozenset(SCOPES),
}
"""The scopes that each role may have."""


@dataclass(frozen=True)
class Caller:
    """Who sends a request."""

    kind: Literal["nobody", "key", "user"] = "nobody"
    "An API key, a signed-in user, or nobody that is known; a reader's cookie gives no scopes."
    name: str = ""
    "The name of the key or user, for the audit log and limits."
    scopes: frozenset[str] = frozenset()


async def caller_of(request: Request) -> Caller:  # async: a plain function would run in another thread
    """Return who sends a request, as the authentication found it."""
    caller: Caller = getattr(request.state, "caller", None) or Caller()
    return caller


def needs(scope: str) -> Callable[[Caller], Awaitable[Caller]]:
    """Return the dependency of a route that only callers with this scope may call.

    It raises ServiceError 401 if nobody is known, and 403 if the caller lacks the scope.
    """

    async def check(caller: Annotated[Caller, Depends(caller_of)]) -> Caller:
        if scope in caller.scopes:
            return caller
        if caller.kind == "nobody":
            raise ServiceError(
                401,
                f"This route needs an API key with the scope '{scope}': Authorization: Bearer KEY. "
                "`broadsheet keys add` makes a key.",
                {"WWW-Authenticate": "Bearer"},
            )
        raise ServiceError(403, f"'{caller.name}' lacks the scope '{scope}'. Ask an operator for it.")

    return check
