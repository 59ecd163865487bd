"""Events that an edition holds and that later events change; the event store is asked when such a later event comes.

For example, a reader clicks at 2:59, the build takes the click into the edition at 3:00, and the reader takes it back
at 3:01. The undo alone does not tell what to leave out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Protocol

import pyarrow as pa

from broadsheet.corpus.click_log import READING
from broadsheet.live.events.acts import Row, reader_of

CHANGING = ("dwell", "undo")
"""Kinds of events that change what an earlier act is worth."""


class Events(Protocol):
    """Events in the order of their numbers: of an event store, or of a part of its events. See `EventStore`."""

    def after(self, sequence: int) -> pa.Table:
        """Return events with a higher number than `sequence`, in their order; no rows if there are none."""

    def last(self) -> int:
        """Return the highest number."""

    def pages(self, page_ids: Sequence[str]) -> pa.Table:
        """Return pages by their page_ids."""

    def with_ids(self, event_ids: Sequence[str]) -> pa.Table:
        """Return events by their event_ids."""

    def of_readers(self, user_ids: Sequence[str]) -> pa.Table:
        """Return the acts of readers."""


class HeldActs:
    """Finds what an edition holds of events that later events change, each act and page once."""

    def __init__(self, store: Events, held: tuple[int, int]) -> None:
        """`held` are the numbers of the last event in the clicks, and of the last event in the showings."""
        self._store, (self._in_clicks, self._in_showings) = store, held
        self._found: set[int] = set()
        self._asked: set[str] = set()

    def acts(self, events: Sequence[Row], is_known: Callable[[Row], bool]) -> list[Row]:
        """Return the acts in the clicks table that some later events change, in the order of their numbers.

        They are the acts of a reader on an article that the reader takes back, or read for some time; of a reader whom
        the site does not know, only what is taken back. `is_known` says of an event that what it changes came since.
        """
        read = {(reader_of(event), event["news_id"]) for event in events if event["kind"] in READING}
        changing = [
            event
            for event in events
            if event["kind"] in CHANGING
            and event["sequence"] > self._in_clicks
            and not (event["kind"] == "dwell" and _about(event) in read)
            and not is_known(event)
        ]
        wanted = {_about(event) for event in changing if event["user_id"]}
        rows: list[Row] = []
        if wanted:
            acts = self._store.of_readers(sorted({user_id for user_id, _ in wanted})).to_pylist()
            rows += [act for act in acts if _about(act) in wanted]
        if nobody := sorted({event["undoes"] for event in changing if not event["user_id"] and event["undoes"]}):
            rows += self._store.with_ids(nobody).to_pylist()
        rows = [row for row in rows if row["sequence"] <= self._in_clicks and row["sequence"] not in self._found]
        self._found.update(row["sequence"] for row in rows)
        return sorted(rows, key=itemgetter("sequence"))

    def pages(self, events: Sequence[Row], is_known: Callable[[str], bool]) -> list[Row]:
        """Return the pages in the showings on which some later events happened; `is_known` says that a page came since.

        A page of a reader whom the site does not know is left out: the showings do not hold it.
        """
        new = {event["page_id"] for event in events if event["kind"] == "page"}
        asked = {
            event["page_id"]
            for event in events
            if event["page_id"]
            and event["slot"]
            and event["sequence"] > self._in_showings
            and event["kind"] in (*READING, "view", "undo")
            and event["page_id"] not in new
            and event["page_id"] not in self._asked
            and not is_known(event["page_id"])
        }
        found: list[Row] = self._store.pages(sorted(asked)).to_pylist() if asked else []
        self._asked |= asked
        return [page for page in found if page["sequence"] <= self._in_showings and page["user_id"]]


def _about(event: Row) -> tuple[str, str]:
    return reader_of(event), event["news_id"]
