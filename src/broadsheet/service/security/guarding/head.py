"""The middleware that answers HEAD as GET without the body, for every route that answers GET."""

from __future__ import annotations

from fastapi import Request

from broadsheet.service.serving.messages import App, Message, Receive, Send


class Head:
    """The innermost middleware: routes see a GET, and `is_head` tells the few for which a HEAD must change nothing."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request; a HEAD with the status and headers of the GET, its ETag and Content-Length among them."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        answering = _Answering(receive, send)
        asked = {**scope, "method": "GET"}  # the server's own scope keeps HEAD, by which it knows that no body comes
        asked.setdefault("state", {})["is_head"] = True
        try:
            await self._app(asked, answering.receive, answering.send)
        finally:
            if "route" in asked:
                scope["route"] = asked["route"]  # by which metrics and the access log count the request


class _Answering:
    """The answer to a HEAD: once its headers are sent, the caller is as good as gone, so that a stream ends at once."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self._is_begun = False

    async def receive(self) -> Message:
        return {"type": "http.disconnect"} if self._is_begun else await self._receive()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._is_begun = True
            await self._send(message)
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})


def is_head(request: Request) -> bool:
    """Return whether a request is a HEAD, which must not count as a page shown, a click or the use of a token."""
    return bool(getattr(request.state, "is_head", False))
