"""Requests for fresh pages wait in a queue and are ranked together: a block costs little more than one page.

One thread ranks, since the models use all cores. While it ranks a block, the next block gathers.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from broadsheet.errors import NewsroomError
from broadsheet.newsroom.given import given_id
from broadsheet.pages.page import Page
from broadsheet.service.serving.metrics import Metrics
from broadsheet.service.serving.served import Open, Served

MOST_TOGETHER = 32
"""Most readers that are ranked together: more would let the first of them wait too long."""
MOST_WAITING = 512
"""Most requests that wait; a further request is refused at once, so that none waits for many seconds."""


class TooManyWaiting(NewsroomError):
    """The queue is full: another request would wait too long."""


@dataclass(frozen=True)
class _Wanted:
    open: Open
    user_id: str
    k: int
    filters: Mapping[str, Any]
    answer: Future[Page] = field(default_factory=Future)
    began: float = field(default_factory=time.perf_counter)

    def goes_with(self, other: _Wanted) -> bool:
        """Whether both can be ranked in one call."""
        return self.open is other.open and self.k == other.k and self.filters == other.filters


class PageQueue:
    """Makes pages; safe to share between threads."""

    def __init__(self, served: Served, metrics: Metrics) -> None:
        self._served, self._metrics = served, metrics
        self._waiting: deque[_Wanted] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="pages", daemon=True)
        self._thread.start()

    def ask(self, user_id: str, k: int, filters: Mapping[str, Any]) -> Future[Page]:
        """Return the page of a reader, when it is made.

        Raises TooManyWaiting if MOST_WAITING requests wait, and InputError for what cannot be an id: later it would
        fail the pages of all readers of its block.
        """
        wanted = _Wanted(self._served.now(), given_id(user_id, "user_id"), k, filters)
        with self._changed:
            if self._closed:
                raise NewsroomError("The service is stopping.")
            if len(self._waiting) >= MOST_WAITING:
                self._metrics.page_refusals.inc()
                raise TooManyWaiting(f"{MOST_WAITING} requests wait for their pages.")
            self._waiting.append(wanted)
            self._metrics.queue_length.set(len(self._waiting))
            self._changed.notify()
        return wanted.answer

    def close(self) -> None:
        """Make the pages that are waited for, then stop."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _work(self) -> None:
        while block := self._next_block():
            _answer(block, self._metrics)

    def _next_block(self) -> list[_Wanted]:
        """Return the requests that are ranked next, in the order in which they came; empty when all is done."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            if not self._waiting:
                return []
            first = self._waiting[0]
            block = [wanted for wanted in self._waiting if wanted.goes_with(first)][:MOST_TOGETHER]
            taken = set(map(id, block))
            self._waiting = deque(wanted for wanted in self._waiting if id(wanted) not in taken)
            self._metrics.queue_length.set(len(self._waiting))
            return block


def _answer(block: list[_Wanted], metrics: Metrics) -> None:
    live = [wanted for wanted in block if wanted.answer.set_running_or_notify_cancel()]
    if not live:
        return
    first, begin = live[0], time.perf_counter()
    for wanted in live:
        metrics.queue_seconds.observe(begin - wanted.began)
    try:
        pages = first.open.pipeline.run_many([wanted.user_id for wanted in live], first.k, first.filters or None)
    except BaseException as error:  # whatever it is, each caller is told and the thread goes on
        metrics.page_failures.inc(len(live))
        for wanted in live:
            wanted.answer.set_exception(error)
        return
    metrics.count_pages(pages, time.perf_counter() - begin)
    for wanted, page in zip(live, pages, strict=True):
        wanted.answer.set_result(page)
