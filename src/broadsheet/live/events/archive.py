"""Old events leave the store for files by day: tables `events` in the folder of the newsroom's events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.live.events.limits import KEPT
from broadsheet.live.events.store import EventStore
from broadsheet.newsroom import Newsroom
from broadsheet.tables.arrow_files import open_writer, read_table
from broadsheet.tables.event_schemas import EVENTS

AT_ONCE = 100_000
"""Events that are in memory at a time."""


def archive_of(newsroom: Newsroom, day: date) -> Path:
    """Return the file of the events that were received on a day, UTC."""
    return newsroom.events / f"{day.isoformat()}.arrow"


def archived_days(newsroom: Newsroom, first: date = date.min, last: date = date.max) -> list[Path]:
    """Return the files of the events that were received from a day to a day, both included, in the order of time."""
    days = ((date.fromisoformat(path.stem), path) for path in newsroom.events.glob("????-??-??.arrow"))
    return [path for day, path in sorted(days) if first <= day <= last]


def archive_events(newsroom: Newsroom, store: EventStore, up_to: int) -> int:
    """Move events up to the number `up_to` into the archive; returns how many the store removed.

    Only days that are more than KEPT ago are moved: until then the store must know an event that is sent again. A day's
    file is on the disk, whole, before the store removes the day's events. A kill between these leaves events in both,
    and the next call writes the same file again. Raises ContractError if a day's file is there and damaged.
    """
    removed = 0
    for day, pieces in groupby(_pieces(store, up_to, _midnight(datetime.now(UTC) - KEPT)), key=itemgetter(0)):
        removed += store.remove_up_to(_write_day(archive_of(newsroom, day), (events for _, events in pieces)))
    return removed


def _midnight(moment: datetime) -> datetime:
    return datetime.combine(moment.date(), time(), UTC)


def _pieces(store: EventStore, up_to: int, before: datetime) -> Iterator[tuple[date, pa.Table]]:
    """Yield the events to be moved in the order of their numbers, in tables of one day each."""
    sequence = 0
    while len(events := store.after(sequence, AT_ONCE)):
        sequence = events.column("sequence")[-1].as_py()
        moved = pc.and_(pc.less_equal(events.column("sequence"), up_to), pc.less(events.column("received"), before))
        whole = bool(pc.all(moved).as_py())
        # What is received later than a later number, as after a change of the clock, waits for that number's day.
        events = events if whole else events.slice(0, pc.index(moved, False).as_py())
        days = pc.cast(events.column("received"), pa.date32())
        while len(events):
            other = pc.index(pc.equal(days, days[0]), False).as_py()
            count = len(events) if other < 0 else other
            yield days[0].as_py(), events.slice(0, count)
            events, days = events.slice(count), days.slice(count)
        if not whole:
            return


def _write_day(path: Path, pieces: Iterator[pa.Table]) -> int:
    """Write a day's events behind those that its file has; returns the highest number written."""
    last = 0
    there = read_table(path, EVENTS) if path.exists() else None
    with open_writer(path, EVENTS) as writer:
        for events in pieces:
            if there is not None:  # what a killed call wrote is written again
                writer.write(there.filter(pc.less(there.column("sequence"), events.column("sequence")[0])))
                there = None
            writer.write(events)
            last = events.column("sequence")[-1].as_py()
    return last
