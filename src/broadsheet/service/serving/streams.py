"""Answers that are sent piece by piece, and remembered for a while, so that a caller who lost the line goes on."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator
from typing import NamedTuple
from uuid import uuid4

from broadsheet.service.serving.work import Work

MOST = 256
"""Answers that are remembered; the answer that was asked for longest ago goes first."""
KEPT_SECONDS = 300.0
"""Seconds for which an answer is remembered after its first piece was asked for."""


class Piece(NamedTuple):
    """A part of an answer, as an event of a stream."""

    name: str
    data: str
    "JSON."


class Stream:
    """An answer whose pieces are made when a caller waits for them; safe to share between threads.

    While nobody waits, nothing is made.
    """

    def __init__(self, pieces: Iterator[Piece]) -> None:
        self.id, self.began = uuid4().hex, time.monotonic()
        self._source, self._pieces, self._lock = pieces, list[Piece](), threading.Lock()
        self._ended = False

    async def after(self, number: int, work: Work) -> AsyncIterator[tuple[str, Piece]]:
        """Yield the pieces after the first `number`, each with its id; what is not made yet is made by `work`."""
        while True:
            if number >= len(self._pieces):
                if self._ended:
                    return
                await work(self._make, number)
                continue
            number += 1
            yield f"{self.id}.{number}", self._pieces[number - 1]

    def _make(self, number: int) -> None:
        """Make the piece after the first `number`, unless another caller did so meanwhile."""
        with self._lock:
            if number < len(self._pieces) or self._ended:
                return
            try:
                piece = next(self._source, None)
            except BaseException:
                self._ended = True
                raise
            if piece is None:
                self._ended = True
            else:
                self._pieces.append(piece)


class Streams:
    """The answers of this process that may be asked for again; safe to share between threads."""

    def __init__(self) -> None:
        self._streams, self._lock = OrderedDict[str, Stream](), threading.Lock()

    def new(self, pieces: Iterator[Piece]) -> Stream:
        """Return a new stream, which is remembered."""
        stream = Stream(pieces)
        with self._lock:
            self._streams[stream.id] = stream
            while len(self._streams) > MOST or self._is_old(next(iter(self._streams.values()))):
                self._streams.popitem(last=False)
        return stream

    def find(self, last_id: str) -> tuple[Stream, int] | None:
        """Return the stream of the id of a piece, and the number of that piece; None if it is not remembered."""
        name, _, number = last_id.rpartition(".")
        with self._lock:
            stream = self._streams.get(name)
        if stream is None or self._is_old(stream) or not (number.isascii() and number.isdigit() and len(number) < 6):
            return None
        return stream, int(number)

    def _is_old(self, stream: Stream) -> bool:
        return time.monotonic() - stream.began > KEPT_SECONDS
