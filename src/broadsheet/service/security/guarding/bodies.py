"""Bodies of requests: no longer than the setting allows, no slower than a time limit, not compressed, and in UTF-8."""

from __future__ import annotations

import asyncio
import re
import time

from python_multipart.multipart import parse_options_header

from broadsheet.service.serving.messages import Message, Receive

BODY_SECONDS = 30.0
"""Most seconds from the first wait for a body until all of it is here."""
DISCONNECT: Message = {"type": "http.disconnect"}
_DIGITS = re.compile(rb"[0-9]{1,18}")


class Body:
    """The body of one request, as the application receives it."""

    def __init__(self, receive: Receive, most_bytes: int, seconds: float = BODY_SECONDS) -> None:
        self._receive, self._most, self._seconds = receive, most_bytes, seconds
        self._bytes, self._until, self._whole = 0, 0.0, False
        self.refused: tuple[int, str] | None = None
        """Status and detail with which the request is answered in place of the application's answer."""

    async def receive(self) -> Message:
        """Return the next message; a body that is too long or too slow ends like a connection that broke."""
        if self._whole:
            return await self._receive()  # the application waits for the end of the connection
        if self.refused:
            return DISCONNECT
        self._until = self._until or time.monotonic() + self._seconds
        try:
            message = await asyncio.wait_for(self._receive(), max(0.0, self._until - time.monotonic()))
        except TimeoutError:
            return self._refuse(408, f"The body did not arrive within {self._seconds:g} seconds. Send it again.")
        self._bytes += len(message.get("body", b""))
        if self._bytes > self._most:
            return self._refuse(413, too_long(self._most))
        self._whole = not message.get("more_body", False)
        return message

    def _refuse(self, status: int, detail: str) -> Message:
        self.refused = (status, detail)
        return DISCONNECT


def refused_by_headers(scope: Message, most_bytes: int) -> tuple[bool, tuple[int, str] | None]:
    """Return whether a request has a body, and with which status and detail it is refused before the body is read."""
    has_body = False
    for name, value in scope["headers"]:
        if name == b"content-length":
            if not _DIGITS.fullmatch(value):
                return True, (400, "The Content-Length of the request is no number of bytes.")
            if int(value) > most_bytes:
                return True, (413, too_long(most_bytes))
            has_body = has_body or value.strip(b"0") != b""
        elif name == b"transfer-encoding":
            has_body = True
        elif name == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
            return True, (415, "The body is compressed. Send it as it is, without Content-Encoding.")
        elif name == b"content-type" and not _is_utf8(value):
            return True, (415, "The form is not in UTF-8. Send it in UTF-8.")
    return has_body, None


def _is_utf8(content_type: bytes) -> bool:
    """Return whether a form's parts will be read as UTF-8; other bodies are read so whatever their header says.

    Starlette decodes the parts of a form by any codec of Python that the header names: punycode takes minutes for a
    megabyte, in the thread that answers everybody, and unicode_escape makes characters that no UTF-8 can hold.
    """
    if b"charset" not in content_type.lower():
        return True
    kind, parameters = parse_options_header(content_type)
    return kind != b"multipart/form-data" or parameters.get(b"charset", b"utf-8").lower() in (b"utf-8", b"utf8")


def too_long(most_bytes: int) -> str:
    """Return what a caller is told whose body is too long."""
    return f"The body has more than {most_bytes:,} bytes. Send less at once."
