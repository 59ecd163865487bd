"""Metrics of the event store, and the number of events a second in the last hour."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from itertools import pairwise

from prometheus_client.core import Metric

from broadsheet.errors import BroadsheetError
from broadsheet.live.events.held import held_by_corpus
from broadsheet.live.events.store import EventStore
from broadsheet.newsroom import Newsroom
from broadsheet.service.monitoring.families import counter, gauge

EVERY = 10.0
"""Seconds between two looks at the store's last number."""
AN_HOUR = 3600.0


class EventRates:
    """The number of the newest event at each look of the last hour; of the events of all processes."""

    def __init__(self) -> None:
        self._looks: deque[tuple[float, int]] = deque(maxlen=int(AN_HOUR / EVERY) + 1)

    def look(self, last: int, now: float) -> None:
        """Note the number of the store's newest event at a time, in seconds of a clock that never goes back."""
        self._looks.append((now, last))

    def rates(self) -> list[float]:
        """Return the events a second between each two looks, oldest first; empty before the second look."""
        pairs = pairwise(list(self._looks))
        return [max(later - before, 0) / max(end - begin, 1e-9) for (begin, before), (end, later) in pairs]

    def now(self) -> float | None:
        """Return the events a second of the last minute; None before the second look."""
        recent = self.rates()[-int(60 / EVERY) :]
        return sum(recent) / len(recent) if recent else None


def event_metrics(newsroom: Newsroom, store: EventStore, rates: EventRates) -> Iterator[Metric]:
    """Yield the metrics of the event store; `broadsheet_event_store_up` is 0 if it cannot be read."""
    days = len(list(newsroom.events.glob("*.arrow")))
    yield from gauge("broadsheet_event_archive_days", "Days whose events are in files of the archive.", days)
    said = "1 if the event store can be read, 0 if it cannot be reached."
    begin = time.perf_counter()
    try:
        last = store.last()
        first, newest = store.after(0, 1).to_pylist(), store.after(last - 1, 1).to_pylist()
    except BroadsheetError:
        yield from gauge("broadsheet_event_store_up", said, 0)
        return
    seconds = time.perf_counter() - begin
    yield from gauge("broadsheet_event_store_up", said, 1)
    yield from gauge("broadsheet_event_store_look_seconds", "Time to look up the oldest and newest event.", seconds)
    yield from counter("broadsheet_event_store_events_total", "Events that were ever kept, in all processes.", last)
    before = first[0]["sequence"] - 1 if first else last  # numbers have no gap
    yield from gauge("broadsheet_event_store_kept_events", "Events that are in the store now.", last - before)
    waiting = last - max(before, held_by_corpus(newsroom))
    yield from gauge("broadsheet_event_store_waiting_events", "Events that no build has carried yet.", waiting)
    if newest:
        received = newest[0]["received"].timestamp()
        yield from gauge("broadsheet_last_event_timestamp_seconds", "When the newest event was received.", received)
    yield from gauge("broadsheet_events_per_second", "Events a second in the last minute.", rates.now())
