"""The ASGI middleware that counts and times every request, by the route's template and never by the address itself."""

from __future__ import annotations

import time

from broadsheet.service.serving.messages import METHODS, App, Message, Receive, Send
from broadsheet.service.serving.metrics import Metrics

NO_ROUTE = "unmatched"
"""The route of a request whose address leads to nothing: any number of addresses is one series."""
WITHOUT_BODY = ("GET", "HEAD", "OPTIONS")
"""Methods whose requests have no body that is worth counting."""


class Measured:
    """Counts and times the requests of an application; a websocket or the start of the application passes through."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request, and count it once its answer is sent."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        metrics: Metrics = scope["app"].state.service.metrics
        watched = _Watched(receive, send)
        begin = time.perf_counter()
        metrics.in_flight.inc()
        try:
            given = receive if scope["method"] in WITHOUT_BODY else watched.receive
            await self._app(scope, given, watched.send)
        except Exception:
            watched.status = watched.status or 500  # the layer above answers with it
            metrics.failed.inc()
            raise
        finally:
            metrics.in_flight.dec()
            _count(metrics, scope, watched, time.perf_counter() - begin)


class _Watched:
    """What passes of one request and its answer."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self.status = self.sent = self.received = 0

    async def receive(self) -> Message:
        message = await self._receive()
        self.received += len(message.get("body", b""))
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["type"] == "http.response.body":
            self.sent += len(message.get("body", b""))
        await self._send(message)


def _count(metrics: Metrics, scope: Message, watched: _Watched, seconds: float) -> None:
    route = getattr(scope.get("route"), "path_format", NO_ROUTE)
    method = scope["method"] if scope["method"] in METHODS else "other"
    status = watched.status or 499  # as nginx calls a caller who left before the answer
    metrics.requests.labels(method, route, str(status)).inc()
    metrics.request_seconds.labels(route).observe(seconds)
    metrics.sent_bytes.labels(route).inc(watched.sent)
    if watched.received:
        metrics.received_bytes.labels(route).inc(watched.received)
    if status == 429:
        metrics.limited.inc()
