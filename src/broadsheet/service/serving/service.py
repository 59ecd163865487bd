"""What all routes share: the edition in use, the queue of fresh pages, stored pages, and the service's own state."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Hashable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import anyio.to_thread
from fastapi import Depends, Request

from broadsheet.errors import DiskError, NewsroomError
from broadsheet.live.events.report import LogReport
from broadsheet.newsroom import Newsroom
from broadsheet.pages.page import Page
from broadsheet.readers.forgotten import forgotten_file
from broadsheet.service.serving.forgotten_state import ForgottenState
from broadsheet.service.serving.metrics import Metrics
from broadsheet.service.serving.page_queue import PageQueue
from broadsheet.service.serving.reader_versions import ReaderVersions
from broadsheet.service.serving.served import Open, Served
from broadsheet.service.serving.state import State
from broadsheet.service.serving.stored_pages import Stored, StoredPages
from broadsheet.service.serving.streams import Streams
from broadsheet.service.serving.work import Work

if TYPE_CHECKING:
    from broadsheet.pipeline.pipeline import Pipeline


class Service:
    """A newsroom on the air; safe to share between threads."""

    def __init__(self, newsroom: Newsroom) -> None:
        """Open the newsroom's current edition; raises the errors of `Pipeline.open`."""
        self.newsroom, self.metrics = newsroom, Metrics()
        self.served = Served(newsroom, self.metrics)
        self.config = newsroom.config()
        self.state = State(newsroom)
        self.queue = PageQueue(self.served, self.metrics)
        self.forgotten_state = ForgottenState(newsroom)
        self.versions = ReaderVersions(self.pipeline.events, self.metrics)
        self.stored = StoredPages(self.config.service.page_seconds, self.metrics)
        self.making: dict[Hashable, asyncio.Task[Stored]] = {}
        """Pages that are being made, by their keys; only the event loop looks at it."""
        self.work, self.streams = Work(self.metrics), Streams()
        self._tables = newsroom.mutes, newsroom.follows, newsroom.profiles, forgotten_file(newsroom)

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline of the edition in use; a request that needs it twice keeps it in a variable."""
        return self.served.now().pipeline

    def start(self) -> None:
        """Look for new editions, for what other processes logged, and for forgotten readers, until `close`."""
        for one in (self.served, self.versions, self.forgotten_state):
            one.watching.start()

    def close(self) -> None:
        """Finish the pages that are waited for, and stop all threads."""
        self.queue.close()
        self.work.close()
        for one in (self.versions, self.forgotten_state, self.served):
            one.watching.stop()
        self.pipeline.events.close()
        self.state.close()

    def page(self, user_id: str, k: int, filters: Mapping[str, Any]) -> Future[Page]:
        """Return a fresh page of a reader, when it is made; see `PageQueue.ask`."""
        return self.queue.ask(user_id, k, filters)

    async def key_of(self, opened: Open, user_id: str, *form: Hashable) -> Hashable:
        """Return all that a page of this reader depends on beside the time, with the form in which it is sent.

        Articles and orders that came since are read in a thread: other requests need not wait for it.
        """
        version = opened.version_at_hand()
        if version is None:
            version = await anyio.to_thread.run_sync(opened.version)
        return (
            opened.signature,
            version,
            user_id,
            self.versions.of(user_id),
            tuple(map(_written, self._tables)),
            form,
        )

    def log(self, events: object) -> LogReport:
        """Log events, and let the next page of each of their readers be made anew; see `Pipeline.log`."""
        begin = time.perf_counter()
        try:
            report = self.pipeline.log(events)
        except (NewsroomError, DiskError):
            self.metrics.log_failures.inc()
            raise
        self.metrics.count_events(report, time.perf_counter() - begin)
        rows = [events] if isinstance(events, Mapping) else events
        if isinstance(rows, list):
            self.versions.logged(rows)
        return report


def _written(path: Path) -> int:
    try:
        return os.stat(path).st_mtime_ns  # noqa: PTH116  # on the way of every page: half the time of Path.stat
    except FileNotFoundError:
        return 0


def service_of(request: Request) -> Service:
    """Return the service that answers a request: `Annotated[Service, Depends(service_of)]` in a route."""
    service: Service = request.app.state.service
    return service


async def given_service(request: Request) -> Service:
    """Return `service_of` a request to a route, without a thread for it."""
    return service_of(request)


Serving = Annotated[Service, Depends(given_service)]
"""The type of a route's parameter that is the service."""
