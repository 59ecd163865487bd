"""Who sends a request, and what that caller may do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Literal, cast

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant

from broadsheet.service.security.csrf import checked_csrf
from broadsheet.service.serving.problems import ServiceError


@dataclass(frozen=True)
class Caller:
    """Who sends a request."""

    kind: Literal["nobody", "key", "user"] = "nobody"
    "An API key, a signed-in user, or nobody that is known; a reader's cookie gives no scopes."
    name: str = ""
    "The name of the key or user, for the audit log and limits."
    scopes: frozenset[str] = frozenset()
    problem: str = ""
    "Why the key of the request is not accepted; empty if it has no key."


NOBODY = Caller()
SAFE = ("GET", "HEAD", "OPTIONS")
"""Methods that change nothing."""


async def caller_of(request: Request) -> Caller:
    """Return who sends a request, as the authentication found it; a dependency, which needs no thread."""
    return current_caller(request)


def current_caller(request: Request) -> Caller:
    """Return who sends a request, for a plain call."""
    caller: Caller = getattr(request.state, "caller", NOBODY)
    return caller


Check = Callable[[Request, Caller], Awaitable[Caller]]
"""A dependency that returns the caller, or refuses the request."""


def needs(scope: str) -> Check:
    """Return the dependency of a route that only callers with this scope may call.

    It raises ServiceError 401 if nobody is known, 403 if the caller lacks the scope, and 403 if a user's browser sends
    a change without the token of `csrf_token`.
    """

    async def check(request: Request, caller: Annotated[Caller, Depends(caller_of)]) -> Caller:
        if scope in caller.scopes:
            if caller.kind == "user" and request.method not in SAFE:
                await checked_csrf(request)
            return caller
        if caller.kind == "nobody":
            raise ServiceError(
                401,
                f"{caller.problem}This route needs an API key with the scope '{scope}': Authorization: Bearer KEY. "
                "`broadsheet keys add` makes a key.",
                {"WWW-Authenticate": "Bearer"},
            )
        raise _lacking(caller, scope)

    check.scope = scope  # type: ignore[attr-defined]  # `scope_checks` finds it by this
    return check


def _lacking(caller: Caller, scope: str) -> ServiceError:
    """Return the refusal of a caller who lacks a scope; what a key may do never changes."""
    if caller.kind == "key":
        make = f"`broadsheet keys add NEWSROOM NAME --scope {scope}` makes another key that has it"
    else:
        make = "Ask an operator, or sign in with another name"
    return ServiceError(403, f"'{caller.name}' lacks the scope '{scope}'. {make}.")


def scope_checks(dependant: Dependant) -> Iterator[Check]:
    """Yield the checks of `needs` among the dependencies of a route."""
    for inner in dependant.dependencies:
        if hasattr(inner.call, "scope"):
            yield cast(Check, inner.call)
        yield from scope_checks(inner)


def signed_in(scope: str) -> Callable[[Caller], Awaitable[Caller]]:
    """Return the dependency of a page that only signed-in users with this scope may see.

    A browser without a session is sent to the page where users sign in. It raises ServiceError 403 if the user lacks
    the scope.
    """

    async def check(caller: Annotated[Caller, Depends(caller_of)]) -> Caller:
        if caller.kind == "nobody":
            raise ServiceError(303, "Sign in first.", {"Location": "/login"})
        if scope not in caller.scopes:
            raise _lacking(caller, scope)
        return caller

    return check
