"""Work of requests that takes the models: done in a few threads, and refused where too much of it waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from broadsheet.service.serving.page_queue import TooManyWaiting

THREADS = 2
MOST_WAITING = 64
"""Requests that wait or are worked on; a further request is refused at once."""

P = ParamSpec("P")
T = TypeVar("T")


class Work:
    """Does work in threads of its own, so that cheap requests need not wait for it."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, "work")
        self._waiting = 0

    def __len__(self) -> int:
        """Return how much is worked on or waits."""
        return self._waiting

    async def __call__(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what a function returns; work whose caller is gone is not begun.

        Raises TooManyWaiting if MOST_WAITING requests wait.
        """
        if self._waiting >= MOST_WAITING:
            raise TooManyWaiting(f"{MOST_WAITING} requests wait for the models.")
        self._waiting += 1
        try:
            return await asyncio.wrap_future(self._threads.submit(function, *args, **kwargs))
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Finish what was begun, and let the threads end."""
        self._threads.shutdown(cancel_futures=True)
