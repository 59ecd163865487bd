"""The middleware that every request goes through first: host, sender, limits, body, and the headers of the answer.

One plain ASGI middleware for all of it: each layer of Starlette's BaseHTTPMiddleware would cost more than all of this.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from anyio import to_thread
from fastapi import Request

from broadsheet.service.security.accounts.scopes import ROLES
from broadsheet.service.security.accounts.sessions import hash_of, user_in
from broadsheet.service.security.caller import NOBODY, Caller
from broadsheet.service.security.cookies import cookie
from broadsheet.service.security.guarding.access_log import write_access
from broadsheet.service.security.guarding.address import neighbours
from broadsheet.service.security.guarding.bodies import Body, refused_by_headers
from broadsheet.service.security.guarding.headers import add_headers, host_problem
from broadsheet.service.serving.messages import App, Message, Receive, Send, header
from broadsheet.service.serving.problems import problem

if TYPE_CHECKING:
    from broadsheet.service.security.security import Security

UNKNOWN_KEY = "The key of this request is unknown or revoked. "


class Guard:
    """The middleware around an application whose `state.security` is a Security."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await _Guarded(scope, receive, send).answer(self._app)


class _Guarded:
    """One request on its way."""

    def __init__(self, scope: Message, receive: Receive, send: Send) -> None:
        self.security: Security = scope["app"].state.security
        self.scope, self._receive, self._send = scope, receive, send
        self.begin = time.perf_counter()
        self.address, is_https = self.security.addresses.of(scope)
        if is_https:
            scope["scheme"] = "https"
        self.state = scope.setdefault("state", {})
        self.state["address"] = self.address
        self.limit_headers: list[tuple[bytes, bytes]] = []
        self.body: Body | None = None
        self.status = 0
        self.replaced = False

    async def answer(self, app: App) -> None:
        try:
            refused = await self._refused()
            if refused:
                await self._refuse(*refused)
                return
            await self._run(app)
        finally:
            if self.security.settings.access_log:
                write_access(self.scope, self.status, self.begin, self.address)

    async def _refused(self) -> tuple[int, str] | None:
        settings = self.security.settings
        if wrong := host_problem(self.scope, settings.public_url):
            return 400, wrong
        if not await self._admit():
            return 429, "Too many requests. Wait as long as Retry-After says."
        has_body, refused = refused_by_headers(self.scope, settings.most_body_bytes)
        if has_body:
            self.body = Body(self._receive, settings.most_body_bytes)
        return refused

    async def _admit(self) -> bool:
        """Find out who asks, and take a token of the key, or of the address and the user."""
        given = header(self.scope, b"authorization").decode("latin-1")
        has_key = given[:7].lower() == "bearer "
        key = self.security.keys.check(given[7:].strip()) if has_key else None
        if key is not None:
            self.state["caller"], self.state["by_key"] = Caller("key", key.name, key.scopes), True
            return self._take(f"key {key.id}")
        self.state["caller"] = Caller(problem=UNKNOWN_KEY) if has_key else NOBODY
        if not self._take(f"address {neighbours(self.address)}"):
            return False
        session = "" if has_key else self._session()
        return not session or await self._admit_user(session)

    def _session(self) -> str:
        has_cookie = b"broadsheet-session=" in header(self.scope, b"cookie")
        return cookie(Request(self.scope), "session") if has_cookie else ""

    async def _admit_user(self, session: str) -> bool:
        user = await to_thread.run_sync(user_in, self.security.state, session)
        if user is None:
            return True
        self.state["caller"] = Caller("user", user.name, ROLES[user.role])
        self.state["session"] = hash_of(session).hex()
        return self._take(f"user {user.id}")

    def _take(self, caller: str) -> bool:
        taken = self.security.limits.take(caller)
        self.limit_headers = self.security.limits.headers(taken)
        return not taken.wait

    async def _run(self, app: App) -> None:
        if self.body is None:
            await app(self.scope, self._receive, self.send)
            return
        try:
            await app(self.scope, self.body.receive, self.send)
        except Exception:
            if not self.body.refused or self.status:
                raise
        if self.body.refused and not self.status:
            await self._refuse(*self.body.refused)

    async def send(self, message: Message) -> None:
        """Send a message of the application; once its body is refused, that answer takes the place of its own."""
        if message["type"] == "http.response.start":
            if self.body is not None and self.body.refused:
                self.replaced = True
                await self._refuse(*self.body.refused)
                return
            self.status = message["status"]
            message["headers"] = headers = list(message.get("headers", ()))
            add_headers(headers, self.scope["scheme"] == "https" or self.security.is_https, self.limit_headers)
        if not self.replaced:
            await self._send_if_there(message)

    async def _send_if_there(self, message: Message) -> None:
        """Send a message, unless the caller closed the connection: that is no failure, and no line of the log."""
        try:
            await self._send(message)
        except RuntimeError as error:  # of uvloop, in the moment before uvicorn learns that the connection is closed
            if "the handler is closed" not in str(error):
                raise

    async def _refuse(self, status: int, detail: str) -> None:
        answer = problem(status, detail, {"Connection": "close"} if status in (408, 413) else {})
        add_headers(answer.raw_headers, self.scope["scheme"] == "https" or self.security.is_https, self.limit_headers)
        self.status = status
        await answer(self.scope, self._receive, self._send)
