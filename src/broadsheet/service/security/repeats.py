"""Requests that are sent twice, by the header Idempotency-Key: the second gets the answer of the first.

A key is kept for a day, with the request that it came with and the answer. Of a process that was killed in between, the
key may be used again after a while: what such requests change may then be changed a second time, to the same.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

import anyio.to_thread
from fastapi import Depends, Header, Request, Response
from fastapi.routing import APIRoute

from broadsheet.service.security.caller import current_caller, scope_checks
from broadsheet.service.serving.problems import ServiceError
from broadsheet.service.serving.service import service_of
from broadsheet.service.serving.state import State

HEADER = "Idempotency-Key"
LONGEST = 200
KEPT_SECONDS = 86_400
"""Seconds for which an answer is kept."""
GIVEN_UP = 120
"""Seconds after which a request that has no answer was killed with its process."""
MOST_ANSWER = 1 << 20
"""Most bytes of an answer that is kept; a longer answer is none that changes something."""
_SENT_AGAIN = ("content-type", "location", "etag", "cache-control")
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


async def _key(
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=LONGEST,
            description="A new text for each change: if the same request is sent again with it, nothing is changed "
            "again, and the first answer is sent again. Kept for a day.",
        ),
    ] = None,
) -> None:
    """Document and check the header."""
    del idempotency_key


ONCE = Depends(_key)
"""The dependency of a router whose routes have the class `OnceRoute`."""


class OnceRoute(APIRoute):
    """A route that answers a repeated request with its first answer, if the request has the header Idempotency-Key."""

    def get_route_handler(self) -> Handler:
        """Return the handler of the route's requests; raises ValueError for a route that needs no scope."""
        handle, checks = super().get_route_handler(), [*scope_checks(self.dependant)]
        if not checks:
            raise ValueError(f"{self.path}: anybody could fill the table of answers. Let the route need a scope.")

        async def once(request: Request) -> Response:
            key = request.headers.get(HEADER, "")
            if request.method == "GET" or not 0 < len(key) <= LONGEST:
                return await handle(request)
            await request.body()  # first: the check of a form's token reads the form, which leaves no body behind
            for check in checks:  # here, and not by `handle` alone: what is not allowed must write nothing
                await check(request, current_caller(request))
            return await _answer_once(request, key, handle)

        return once


async def _answer_once(request: Request, key: str, handle: Handler) -> Response:
    state, asked = service_of(request).state, _fingerprint(request, await request.body())
    caller = current_caller(request)
    owner = f"{caller.kind} {caller.name}"
    known = await anyio.to_thread.run_sync(_begin, state, owner, key, asked)
    if known is not None:
        return known
    answer: Response | None = None
    try:
        answer = await handle(request)
        return answer
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(_end, state, owner, key, answer)


def _begin(state: State, owner: str, key: str, asked: bytes) -> Response | None:
    """Return the answer of the same request before, or None for a first request, which is noted.

    Raises ServiceError 409 while the first request is not answered, 422 if the key came with another request.
    """
    now = int(time.time())
    with state.change() as db:
        db.execute(
            "DELETE FROM idempotency WHERE made < ? OR (status IS NULL AND made < ?)",
            (now - KEPT_SECONDS, now - GIVEN_UP),
        )
        found = db.execute(
            "SELECT request, status, headers, body FROM idempotency WHERE caller = ? AND key = ?", (owner, key)
        ).fetchone()
        if found is None:
            db.execute(
                "INSERT INTO idempotency (caller, key, request, made) VALUES (?, ?, ?, ?)", (owner, key, asked, now)
            )
            return None
    request, status, headers, body = found
    if request != asked:
        raise ServiceError(422, f"{HEADER}: this key came with another request. Send a new key with each change.")
    if status is None:
        raise ServiceError(409, f"{HEADER}: the first request with this key is being answered. Ask again.")
    return Response(body, status, {**json.loads(headers), "Idempotency-Replayed": "true"})


def _end(state: State, owner: str, key: str, answer: Response | None) -> None:
    """Keep the answer; a request that failed, or changed nothing, may be sent again with its key."""
    body = None if answer is None else bytes(answer.body)
    with state.change() as db:
        if answer is None or body is None or answer.status_code >= 300 or len(body) > MOST_ANSWER:
            db.execute("DELETE FROM idempotency WHERE caller = ? AND key = ?", (owner, key))
            return
        headers = json.dumps({name: value for name, value in answer.headers.items() if name in _SENT_AGAIN})
        db.execute(
            "UPDATE idempotency SET status = ?, headers = ?, body = ? WHERE caller = ? AND key = ?",
            (answer.status_code, headers, sqlite3.Binary(body), owner, key),
        )


def _fingerprint(request: Request, body: bytes) -> bytes:
    asked = f"{request.method} {request.url.path}?{request.url.query}\n".encode("utf-8", "replace")
    return hashlib.sha256(asked + body).digest()
