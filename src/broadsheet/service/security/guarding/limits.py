"""How many requests a caller may send: a bucket of tokens for each key, user and address, filled steadily."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

REMEMBERED = 50_000
"""Buckets that are kept; a caller forgotten here has a full bucket again."""


class Taken(NamedTuple):
    """What a caller has left."""

    left: int
    "Requests that may follow at once."
    wait: float
    "Seconds until the next request is answered; 0 if this request is."


class Limits:
    """Counts requests, in the thread of the event loop alone."""

    def __init__(self, a_minute: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Let each caller send `a_minute` requests at once, and as many more each minute; at least 1."""
        self.most = max(1.0, a_minute)
        self._a_second, self._clock = self.most / 60, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str) -> Taken:
        """Take a token out of the bucket of a caller, such as "key abc" or "address 192.0.2.1"."""
        now = self._clock()
        tokens, last = self._buckets.pop(caller, (self.most, now))
        tokens = min(self.most, tokens + (now - last) * self._a_second)
        wait = 0.0 if tokens >= 1 else (1 - tokens) / self._a_second
        self._buckets[caller] = (tokens if wait else tokens - 1, now)
        if len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        return Taken(int(tokens if wait else tokens - 1), wait)

    def headers(self, taken: Taken) -> list[tuple[bytes, bytes]]:
        """Return the headers that tell a caller of its limit, as the IETF's draft on rate limit headers names them."""
        found = [
            (b"ratelimit-policy", b'"requests";q=%d;w=60' % self.most),
            (b"ratelimit", b'"requests";r=%d;t=%d' % (taken.left, math.ceil(taken.wait or 1 / self._a_second))),
        ]
        return [*found, (b"retry-after", b"%d" % math.ceil(taken.wait))] if taken.wait else found
