"""How many explored slots the pages of a reader's day have: of this process, and of all pages that were logged."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, date, datetime, time

from broadsheet.errors import NewsroomError
from broadsheet.live.events.store import EventStore
from broadsheet.tables.locks import ThreadLock

log = logging.getLogger(__name__)


class ExploredSlots:
    """The explored slots of today, from midnight UTC on; safe to share between threads.

    A page that this process made counts at once, whether it is logged or not; a page of another process counts when it
    is logged, on the day of its receipt. So a reader whose pages are logged has one budget in all processes, and after
    a restart.
    """

    def __init__(self, store: EventStore) -> None:
        self._store, self._lock = store, ThreadLock()
        self._day, self._made = date.min, dict[str, dict[str, int]]()

    def __call__(self, user_ids: Sequence[str]) -> dict[str, int]:
        """Return the number of explored slots of each reader's pages of today.

        While the event store cannot be read, the pages of this process count alone, and a warning says so.
        """
        with self._lock:
            self._begin_day()
            found = {user_id: dict(self._made.get(user_id, {})) for user_id in user_ids}
            midnight = datetime.combine(self._day, time(), UTC)
        known = [user_id for user_id in user_ids if user_id]
        try:
            pages = self._store.explored_pages(known, midnight).select(["user_id", "page_id", "explored"])
        except NewsroomError as error:
            log.warning("%s The explored slots of other processes do not count until then.", error)
        else:
            for page in pages.to_pylist():
                found[page["user_id"]][page["page_id"]] = page["explored"]
        return {user_id: sum(pages.values()) for user_id, pages in found.items()}

    def add(self, user_id: str, page_id: str, explored: int) -> None:
        """Count a page that this process made."""
        if explored:
            with self._lock:
                self._begin_day()
                self._made.setdefault(user_id, {})[page_id] = explored

    def _begin_day(self) -> None:
        today = datetime.now(UTC).date()
        if today != self._day:
            self._day, self._made = today, {}
