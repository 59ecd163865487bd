"""The logs of an edition as they are this second: with the clicks and showings of all events since it was built."""

from __future__ import annotations

import logging
import math
import time
from array import array
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np

from broadsheet.corpus.click_log import READING, ClickLog
from broadsheet.corpus.exposures import Exposures
from broadsheet.errors import BroadsheetError, NewsroomError
from broadsheet.live.events.acts import Row, happened
from broadsheet.live.events.held import held_events
from broadsheet.live.held_acts import Events, HeldActs
from broadsheet.live.live_counts import Clicks, Showings
from broadsheet.newsroom.clock import GAP, latest_time
from broadsheet.retrieval.sources.logs import Logs
from broadsheet.tables.arrays import Floats
from broadsheet.tables.locks import ThreadLock
from broadsheet.workbench.data import EditionData

log = logging.getLogger(__name__)

LOOKS_EVERY = 0.25
"""Seconds between two looks at the event store: events are in force within this time and that of counting them."""
MOST_OF_THE_TIME = 0.25
"""Most of the time that a process spends on counting events: if that takes 200 ms, it looks every 800 ms."""
SAYS_EVERY = 60.0
"""Seconds between two warnings that the event store cannot be read."""
TAKEN = [
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
"""Columns of the events that are counted."""


class Archive(NamedTuple):
    """What tells the time of an archive."""

    as_of: float
    "Its time when the edition was built, epoch seconds."
    published: Floats
    "Times of its articles, epoch seconds, NaN where unknown (articles,)."


class InForce:
    """Returns the logs as they are now; safe to share between threads.

    Where the event store cannot be reached, the logs stay as they were, and a warning says so each minute: a site would
    rather have pages that lack the last minutes than no pages.
    """

    def __init__(
        self,
        store: Events,
        clicks: ClickLog,
        exposures: Exposures,
        row_of: Mapping[str, int],
        held: tuple[int, int] = (0, 0),
        every: float | None = None,
        archive: Archive | None = None,
    ) -> None:
        """Take the logs of an edition and the catalogue's rows by article.

        `held` are the numbers of the last event in the clicks, and of the last event in the showings. `every` are the
        seconds between two looks at the store, LOOKS_EVERY by default. Of an `archive`, events far behind
        all others do not set the time, as in a build; None for a newsroom of today.
        """
        self._store, self._row_of, self._held, self._taken = store, row_of, held, min(held)
        self._every, self._archive, self._clicked = every, archive, clicks.times
        self._logs, self._lock = Logs(clicks, exposures), ThreadLock()
        self._moments, self._held_acts = array("d"), HeldActs(store, held)
        self._grown: tuple[Clicks, Showings] | None = None
        self._looked = self._said = -math.inf
        self._took, self._highest = 0.0, 0

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
        other = InForce(self._store, clicks, exposures, row_of, self._held, self._every, self._archive)
        if not moved:
            with self._lock:
                self._looked = math.inf  # rows of new articles would be beyond the catalogue of earlier requests
                other._grown, other._logs, other._taken = self._grown, self._logs, self._taken
                other._moments, other._highest = self._moments, self._highest
                other._held_acts = self._held_acts
        return other

    def _look(self) -> None:
        started = time.monotonic()
        try:
            last = self._store.last()
            if last < self._highest:
                raise NewsroomError(
                    f"The event store ends at event {last:,}, and this process has counted event {self._highest:,}: "
                    "the store was replaced by an older copy. Open the newsroom again."
                )
            if last > self._taken:
                self._take()
        except BroadsheetError as error:
            if time.monotonic() - self._said >= SAYS_EVERY:
                log.warning("%s Pages are made without the events since %s.", error, self._logs.latest or "the build")
                self._said = time.monotonic()
        self._looked = time.monotonic()
        self._took = self._looked - started

    def _take(self) -> None:
        if self._grown is None:
            self._grown = Clicks(self._logs.clicks), Showings(self._logs.exposures)
        while len(events := self._store.after(self._taken)):
            shown, propensity = (events.column(name) for name in ("shown", "propensity"))
            rows = events.select(TAKEN).to_pylist()
            self._hold(rows, *self._grown)
            for place, event in enumerate(rows):
                if event["kind"] == "page":
                    self._show(event, shown[place].as_py() or [], propensity[place].as_py())
                else:
                    self._count(event)
                self._moments.append(happened(event).timestamp())
            self._taken = self._highest = events.column("sequence")[-1].as_py()
        clicks, showings = self._grown
        self._logs = Logs(clicks.log(), showings.exposures(), self._logs, self._latest())

    def _latest(self) -> datetime | None:
        """Return when the last event happened; of an archive, the last time of all that is no outlier."""
        moments = np.array(self._moments)
        latest: float | None = moments.max(initial=-np.inf)
        if self._archive is not None and latest is not None and latest > self._archive.as_of + GAP:
            known = np.concatenate([self._archive.published, self._clicked, moments])
            latest, _ = latest_time(known, datetime.now(UTC).timestamp())
        return datetime.fromtimestamp(latest, UTC) if latest is not None and np.isfinite(latest) else None

    def _hold(self, events: Sequence[Row], clicks: Clicks, showings: Showings) -> None:
        """Look up what the edition holds of acts and pages that these events change."""
        row_of = self._row_of
        for act in self._held_acts.acts(events, lambda event: clicks.knows(event, row_of.get(event["news_id"] or ""))):
            if (row := row_of.get(act["news_id"] or "")) is not None:
                clicks.hold(act, row)
        for page in self._held_acts.pages(events, showings.knows):
            rows = [row_of.get(news_id, -1) for news_id in page["shown"]]
            moment = happened(page).timestamp()
            showings.hold(page["page_id"], page["user_id"], moment, rows, page["propensity"])

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


def in_force(store: Events, data: EditionData, every: float | None = None, *, is_archive: bool = False) -> InForce:
    """Return the logs of an edition with what came since; its impressions are those of the newsroom."""
    shown = max(map(held_events, data.newsroom.all_impressions()), default=0)
    held = held_events(data.edition.clicks), shown
    archive = Archive(data.as_of.timestamp(), data.catalogue.published_at) if is_archive else None
    return InForce(store, data.clicks, data.exposures, data.catalogue.all_rows, held, every, archive)
