"""The pages that a newsroom logged, with their probabilities and what was clicked: from the event store and archive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.corpus.click_log import READING
from broadsheet.live.events.acts import Row, happened, not_undone
from broadsheet.live.events.store import EventStore
from broadsheet.newsroom import Newsroom
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.event_schemas import EVENTS

_COLUMNS = ["sequence", "received", "event_id", "kind", "user_id", "time", "page_id", "slot", "undoes"]
_COLUMNS += ["shown", "propensity", "conditional"]


@dataclass(frozen=True)
class LoggedPage:
    """A page that was shown."""

    sequence: int
    "The number of its event."
    page_id: str
    user_id: str
    "Empty if the site did not know the reader."
    time: datetime
    earlier: datetime | None
    "When the latest event before it happened; None for the first."
    shown: list[str]
    "Its articles, the top first."
    clicked: list[bool]
    "Whether each article of `shown` was read."
    propensity: list[float]
    "The probability of each article to be in its slot."
    conditional: list[float]
    "The same, given the slots above."


def read_pages(newsroom: Newsroom, store: EventStore) -> tuple[list[LoggedPage], int]:
    """Return the pages with probabilities in the order in which they were logged, and how many pages have none.

    Raises NewsroomError if the store cannot be read, ContractError if the archive is damaged.
    """
    events = _in_order(newsroom, store)
    clicked: dict[str, set[int]] = {}
    for act in not_undone(one for one in events if one["kind"] != "page"):
        if act["kind"] in READING and act["page_id"] and act["slot"]:
            clicked.setdefault(act["page_id"], set()).add(act["slot"])
    pages, without, latest = [], 0, None
    for event in events:
        if event["kind"] == "page" and event["shown"]:
            if event["propensity"] and event["conditional"]:
                pages.append(_page(event, latest, clicked.get(event["page_id"], set())))
            else:
                without += 1
        latest = happened(event) if latest is None else max(latest, happened(event))
    return pages, without


def _page(event: Row, latest: datetime | None, clicked: set[int]) -> LoggedPage:
    shown: Sequence[str] = event["shown"]
    hits = [slot in clicked for slot in range(1, len(shown) + 1)]
    chances = list(event["propensity"]), list(event["conditional"])
    return LoggedPage(
        event["sequence"], event["page_id"], event["user_id"], happened(event), latest, list(shown), hits, *chances
    )


def _in_order(newsroom: Newsroom, store: EventStore) -> list[dict[str, Any]]:
    """Return all events in the order of their numbers, each once: an event may be in the archive and in the store."""
    found: dict[str, dict[str, Any]] = {}
    for table in _tables(newsroom, store):
        taken = pc.is_in(table.column("kind"), value_set=pa.array(["page", "undo", *READING]))
        found |= {event["event_id"]: event for event in table.select(_COLUMNS).filter(taken).to_pylist()}
    return sorted(found.values(), key=lambda event: int(event["sequence"]))


def _tables(newsroom: Newsroom, store: EventStore) -> Iterator[pa.Table]:
    yield from (read_table(path, EVENTS) for path in sorted(newsroom.events.glob("*.arrow")))
    sequence = 0
    while len(table := store.after(sequence)):
        sequence = table.column("sequence")[-1].as_py()
        yield table
