"""Pages that were made a moment ago, kept in memory until something changes that they depend on.

A page stays right while nothing happened: the same edition, the same journal of articles, nothing new from its reader,
and no more than `seconds` since it was made, since popularity and freshness move with time.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from broadsheet.service.serving.metrics import Metrics

MOST_BYTES = 256 << 20
"""Most bytes of all stored pages together; the page that was asked for longest ago goes first."""


@dataclass(frozen=True)
class Stored:
    """A page as it is sent."""

    body: bytes
    etag: str
    "A strong validator, with its quotation marks."
    media_type: str
    made: float
    "Seconds of the monotonic clock."
    event: dict[str, Any] | None = None
    "The event of the page as shown, if it is not logged yet."

    @staticmethod
    def of(body: bytes, media_type: str) -> Stored:
        """Return a page that was made now."""
        return Stored(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"', media_type, time.monotonic())


class StoredPages:
    """Keeps pages by what they depend on; safe to share between threads."""

    def __init__(self, seconds: float, metrics: Metrics, most_bytes: int = MOST_BYTES) -> None:
        self.seconds, self._metrics, self._most = seconds, metrics, most_bytes
        self._pages: OrderedDict[Hashable, Stored] = OrderedDict()
        self._bytes, self._lock = 0, threading.Lock()

    def get(self, key: Hashable) -> Stored | None:
        """Return the page of a key, unless it is older than `seconds`."""
        with self._lock:
            page = self._pages.get(key)
            if page is None or time.monotonic() - page.made >= self.seconds:
                self._metrics.stored_misses.inc()
                return None
            self._pages.move_to_end(key)
            self._metrics.stored_hits.inc()
            return page

    def put(self, key: Hashable, page: Stored) -> None:
        """Keep a page in place of an earlier one of the same key."""
        with self._lock:
            before = self._pages.pop(key, None)
            self._bytes += len(page.body) - (len(before.body) if before else 0)
            self._pages[key] = page
            while self._bytes > self._most:
                self._bytes -= len(self._pages.popitem(last=False)[1].body)
                self._metrics.stored_evictions.inc()
            self._count()

    def _count(self) -> None:
        self._metrics.stored_pages.set(len(self._pages))
        self._metrics.stored_bytes.set(self._bytes)
