"""The logs of an edition as they are this second: with the clicks and showings of all events since it was built."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from broadsheet.corpus.click_log import READING, ClickLog
from broadsheet.corpus.exposures import Exposures
from broadsheet.errors import NewsroomError
from broadsheet.live.events.acts import Row, happened
from broadsheet.live.live_counts import Clicks, Showings
from broadsheet.retrieval.sources.logs import Logs
from broadsheet.tables.arrow_files import read_stamp
from broadsheet.tables.event_schemas import HELD
from broadsheet.tables.locks import ThreadLock
from broadsheet.workbench.data import EditionData

log = logging.getLogger(__name__)

LOOKS_EVERY = 0.25
"""Seconds between two looks at the event store: events are in force within this time and that of counting them."""
MOST_OF_THE_TIME = 0.25
"""Most of the time that a process spends on counting events: if that takes 200 ms, it looks every 800 ms."""
SAYS_EVERY = 60.0
"""Seconds between two warnings that the event store cannot be read."""
_TAKEN = [
    "sequence",
    "received",
    "event_id",
    "kind",
    "user_id",
    "time",
    "page_id",
    "slot",
    "news_id",
    "seconds",
    "undoes",
    "region",
]


class Numbered(Protocol):
    """Events in the order of their numbers: of an event store, or of a part of its events."""

    def after(self, sequence: int) -> pa.Table:
        """Return events with a higher number than `sequence`, in their order; none if there are none."""

    def last(self) -> int:
        """Return the highest number."""


class InForce:
    """Returns the logs as they are now; safe to share between threads.

    Where the event store cannot be reached, the logs stay as they were, and a warning says so each minute: a site would
    rather have pages that lack the last minutes than no pages.
    """

    def __init__(
        self,
        store: Numbered,
        clicks: ClickLog,
        exposures: Exposures,
        row_of: Mapping[str, int],
        held: tuple[int, int] = (0, 0),
        every: float | None = None,
    ) -> None:
        """Take the logs of an edition and the catalogue's rows by article.

        `held` are the numbers of the last event in the clicks, and of the last event in the showings. `every` are the
        seconds between two looks at the store, LOOKS_EVERY by default.
        """
        self._store, self._row_of, self._held, self._taken = store, row_of, held, min(held)
        self._every = every
        self._logs, self._lock = Logs(clicks, exposures), ThreadLock()
        self._grown: tuple[Clicks, Showings] | None = None
        self._looked = self._said = -math.inf
        self._took = 0.0

    @property
    def _pause(self) -> float:
        return max(LOOKS_EVERY, self._took / MOST_OF_THE_TIME) if self._every is None else self._every

    def __call__(self) -> Logs:
        """Return the logs with all events that the store had at the last look; looks again if that was long ago."""
        if time.monotonic() - self._looked >= self._pause:
            with self._lock:
                if time.monotonic() - self._looked >= self._pause:
                    self._look()
        return self._logs

    def over(
        self, clicks: ClickLog, exposures: Exposures, row_of: Mapping[str, int], *, moved: bool = False
    ) -> InForce:
        """Return the same over a catalogue with more articles; these logs then stay as they are.

        `moved` says that articles have other rows than before: then all events since the edition are read again.
        """
        other = InForce(self._store, clicks, exposures, row_of, self._held, self._every)
        if not moved:
            with self._lock:
                self._looked = math.inf  # rows of new articles would be beyond the catalogue of earlier requests
                other._grown, other._logs, other._taken = self._grown, self._logs, self._taken
        return other

    def _look(self) -> None:
        started = time.monotonic()
        try:
            if self._store.last() > self._taken:
                self._take()
        except NewsroomError as error:
            if time.monotonic() - self._said >= SAYS_EVERY:
                log.warning("%s Pages are made without the events since %s.", error, self._logs.latest or "the build")
                self._said = time.monotonic()
        self._looked = time.monotonic()
        self._took = self._looked - started

    def _take(self) -> None:
        if self._grown is None:
            self._grown = Clicks(self._logs.clicks), Showings(self._logs.exposures)
        latest = self._logs.latest or datetime.min.replace(tzinfo=UTC)
        while len(events := self._store.after(self._taken)):
            shown, propensity = (events.column(name) for name in ("shown", "propensity"))
            for place, event in enumerate(events.select(_TAKEN).to_pylist()):
                if event["kind"] == "page":
                    self._show(event, shown[place].as_py() or [], propensity[place].as_py())
                else:
                    self._count(event)
                latest = max(happened(event), latest)
            self._taken = events.column("sequence")[-1].as_py()
        clicks, showings = self._grown
        self._logs = Logs(clicks.log(), showings.exposures(), self._logs, latest)

    def _show(self, event: Row, shown: Sequence[str], propensity: Sequence[float] | None) -> None:
        if self._grown and event["sequence"] > self._held[1]:
            rows = [self._row_of.get(news_id, -1) for news_id in shown]
            moment = happened(event).timestamp()
            self._grown[1].add(event["page_id"], event["user_id"], moment, rows, propensity)

    def _count(self, event: Row) -> None:
        if not self._grown:
            return
        (clicks, showings), kind, page_id, slot = self._grown, event["kind"], event["page_id"], event["slot"]
        row = self._row_of.get(event["news_id"] or "")
        if row is not None and event["sequence"] > self._held[0]:
            if kind in READING:
                clicks.add(event["event_id"], event["user_id"], row, happened(event).timestamp())
            if clicks.worth is not None:
                clicks.worth.add(event, row)
        if kind in (*READING, "view") and page_id and slot:
            (showings.see if kind == "view" else showings.click)(page_id, slot)
        if kind == "undo" and clicks.take_back(event["undoes"]) and page_id and slot:
            showings.click(page_id, slot, False)


def held_events(table: Path) -> int:
    """Return the number of the last event in a table clicks or impressions; 0 without an event, or a table."""
    return int(read_stamp(table).get(HELD, 0)) if table.is_file() else 0


def in_force(store: Numbered, data: EditionData, every: float | None = None) -> InForce:
    """Return the logs of an edition with what came since; its impressions are those of the newsroom."""
    shown = max(map(held_events, data.newsroom.all_impressions()), default=0)
    held = held_events(data.edition.clicks), shown
    return InForce(store, data.clicks, data.exposures, data.catalogue.row_of, held, every)
