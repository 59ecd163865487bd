"""Prices of other settings, measured in a thread of their own while the editor's page says how far it is."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from fastapi import Request

from broadsheet.errors import BroadsheetError
from broadsheet.offline.knob_price import Price, Progress

log = logging.getLogger(__name__)

KEPT = 8
"""Prices that are kept; the one asked for longest ago goes first, and is not begun any more."""


@dataclass
class Job:
    """A price that is measured, or was."""

    done: int = 0
    total: int = 0
    price: Price | None = None
    problem: str = ""

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return bool(self.price or self.problem)


class Prices:
    """Measures one price at a time; safe to share between threads."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "prices")
        self._jobs: OrderedDict[Hashable, tuple[Job, Future[None]]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, key: Hashable, measure: Callable[[Progress], Price]) -> Job:
        """Return the price of a key as far as it is measured; the first call begins."""
        with self._lock:
            if key not in self._jobs:
                begun = Job()
                self._jobs[key] = begun, self._thread.submit(_measure, begun, measure)
            self._jobs.move_to_end(key)
            while len(self._jobs) > KEPT:
                _, (_, waiting) = self._jobs.popitem(last=False)
                waiting.cancel()
            return self._jobs[key][0]

    def close(self) -> None:
        """Begin no further price, and wait for the one that is measured."""
        self._thread.shutdown(cancel_futures=True)


def prices_of(request: Request) -> Prices:
    """Return the prices of the service that answers a request."""
    prices: Prices = request.app.state.prices
    return prices


def _measure(job: Job, measure: Callable[[Progress], Price]) -> None:
    def progress(done: int, total: int) -> None:
        job.done, job.total = done, total

    try:
        job.price = measure(progress)
    except BroadsheetError as error:
        job.problem = str(error)
    except Exception:
        log.exception("A price could not be measured.")
        job.problem = "The price could not be measured; the service's log says why."
