"""Work of requests that takes the models: done in a few threads, and refused where too much of it waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from broadsheet.service.serving.metrics import Metrics
from broadsheet.service.serving.page_queue import TooManyWaiting

THREADS = 2
MOST_WAITING = 64
"""Requests that wait or are worked on; a further request is refused at once."""

P = ParamSpec("P")
T = TypeVar("T")


class Work:
    """Does work in threads of its own, so that cheap requests need not wait for it."""

    def __init__(self, metrics: Metrics) -> None:
        self._threads, self._metrics = ThreadPoolExecutor(THREADS, "work"), metrics
        self._begun = 0

    async def __call__(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what a function returns; work whose caller is gone is not begun.

        Raises TooManyWaiting if MOST_WAITING requests wait.
        """
        if self._begun >= MOST_WAITING:
            self._metrics.work_refusals.inc()
            raise TooManyWaiting(f"{MOST_WAITING} requests wait for the models.")
        self._begun += 1
        self._metrics.work_waiting.inc()
        future = self._threads.submit(self._run, partial(function, *args, **kwargs))
        try:
            return await asyncio.wrap_future(future)
        finally:
            self._begun -= 1
            if future.cancelled():  # before a thread took it up
                self._metrics.work_waiting.dec()

    def _run(self, function: Callable[[], T]) -> T:
        self._metrics.work_waiting.dec()
        with self._metrics.work_running.track_inprogress():
            return function()

    def close(self) -> None:
        """Finish what was begun, and let the threads end."""
        self._threads.shutdown(cancel_futures=True)
