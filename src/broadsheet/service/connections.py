"""Connections that do not wait forever for a request: uvicorn bounds neither the time nor the length of its headers."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

HEADER_SECONDS = 15.0
"""Most seconds from the opening of a connection, or from a request's first byte, until its headers are whole."""
MOST_HEADER_BYTES = 32_768
"""Most bytes of a request's first line and headers behind the piece with which it begins."""


class Connection(HttpToolsProtocol):
    """A connection of uvicorn that is closed if a request's headers are too slow or too long."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._timer: asyncio.TimerHandle | None = self.loop.call_later(HEADER_SECONDS, self._give_up, 408)
        self._waits, self._began, self._header_bytes = True, False, 0

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count the bytes of headers that are not whole yet, apart from the piece with which a request begins."""
        self._began = False
        super().data_received(data)
        if self._waits:
            self._header_bytes += 1 if self._began else len(data)
            if self._header_bytes > MOST_HEADER_BYTES:
                self._give_up(431)

    def on_message_begin(self) -> None:
        """Begin to wait for the headers of a request on a connection that had one before."""
        super().on_message_begin()
        self._began, self._header_bytes = True, 0
        if not self._waits:
            self._waits = True
            self._timer = self.loop.call_later(HEADER_SECONDS, self._give_up, 408)

    def on_headers_complete(self) -> None:
        """Wait no longer, and have the request answered."""
        self._stop_waiting()
        super().on_headers_complete()

    def _stop_waiting(self) -> None:
        self._waits = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self, status: int) -> None:
        self._stop_waiting()
        if not self.transport.is_closing():
            if self._header_bytes:
                self.transport.write(STATUS_LINE[status] + b"content-length: 0\r\nconnection: close\r\n\r\n")
            self.transport.close()
