"""What number the newest act of each reader has: a stored page of a reader who did something since is made anew."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from broadsheet.errors import BroadsheetError, InputError
from broadsheet.live.events.store import EventStore
from broadsheet.newsroom.given import given_id
from broadsheet.service.serving.metrics import Metrics
from broadsheet.watching import Watch

log = logging.getLogger(__name__)

LOOKS_EVERY = 0.25
"""Seconds between two looks at what other processes logged."""
TRIES_AGAIN = 10.0
"""Seconds until the next look after the store could not be read."""
NO_ACTS = ("page", "view")
"""Kinds of events after which a reader's stored page still holds: the service showed the page, and it was seen."""
REMEMBERED = 100_000
"""Readers whose versions are kept; a reader forgotten here has no stored page either."""


class ReaderVersions:
    """Counts the changes of each reader; safe to share between threads."""

    def __init__(self, store: EventStore, metrics: Metrics) -> None:
        self._store, self._metrics, self._lock = store, metrics, threading.Lock()
        self._versions: OrderedDict[str, int] = OrderedDict()
        self._own: OrderedDict[str, None] = OrderedDict()  # ids of events whose changes are counted already
        self._seen = store.last()
        self.watching = Watch("reader-versions", self._looked, LOOKS_EVERY)

    def of(self, user_id: str) -> int:
        """Return how many changes of this reader were seen."""
        return self._versions.get(user_id, 0)

    def changed(self, user_ids: Iterable[str]) -> None:
        """Count a change of each of these readers, known in this process before its event is read."""
        with self._lock:
            for user_id in user_ids:
                self._versions[user_id] = self._versions.pop(user_id, 0) + 1
            while len(self._versions) > REMEMBERED:
                self._versions.popitem(last=False)
            self._metrics.readers_remembered.set(len(self._versions))

    def logged(self, events: Iterable[object]) -> None:
        """Count the changes by events that this process logged; they are not counted again when they are read."""
        acts = [one for one in events if isinstance(one, Mapping) and one.get("kind") not in NO_ACTS]
        with self._lock:
            self._own.update(dict.fromkeys(str(one.get("event_id")) for one in acts))
            while len(self._own) > REMEMBERED:
                self._own.popitem(last=False)
        self.changed(set(_readers(acts)))

    def look(self) -> None:
        """Count the changes of the readers of all events that came since the last look; pages and views are none."""
        while len(events := self._store.after(self._seen)):
            rows = zip(*(events[name].to_pylist() for name in ("kind", "user_id", "event_id")), strict=True)
            self.changed(
                {user for kind, user, event in rows if user and kind not in NO_ACTS and event not in self._own}
            )
            self._seen = events["sequence"][-1].as_py()

    def _looked(self) -> float:
        try:
            self.look()
        except (BroadsheetError, OSError) as error:
            log.warning("%s Stored pages may lack what readers did in another process.", error)
            return TRIES_AGAIN
        return LOOKS_EVERY


def _readers(events: Iterable[Mapping[str, object]]) -> Iterator[str]:
    """Yield the readers of events by their ids as the event store writes them: without blanks at their ends."""
    for event in events:
        if event.get("user_id"):
            with suppress(InputError):  # of a refused event
                yield given_id(event["user_id"], "user_id")
