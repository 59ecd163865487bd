"""Old events leave the event store for files by day, once the corpus holds them."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.live.events.limits import KEPT
from broadsheet.live.events.store import EventStore
from broadsheet.newsroom import Newsroom
from broadsheet.tables.arrow_files import read_table, write_table
from broadsheet.tables.event_schemas import EVENTS


def archive_events(newsroom: Newsroom, store: EventStore, held: int) -> int:
    """Move events that were received more than KEPT ago into `events/YYYY-MM-DD.arrow`; returns how many.

    `held` is the number of the last event that every edition and the corpus hold; a later event stays. Killed in
    between, an event is in both for a while, and in its file once.
    """
    before, archived, last = datetime.now(UTC) - KEPT, 0, 0
    while last < held:
        part = store.after(last)
        is_held = pc.less_equal(part.column("sequence"), held)
        old = part.filter(pc.and_(pc.less(part.column("received"), before), is_held))
        if not len(old):
            break
        _write_days(newsroom, old)
        archived, last = archived + len(old), old.column("sequence")[-1].as_py()
    if archived:
        store.remove_up_to(last)
    return archived


def _write_days(newsroom: Newsroom, events: pa.Table) -> None:
    days = pc.strftime(events.column("received"), "%Y-%m-%d")
    newsroom.events.mkdir(exist_ok=True)
    for day in pc.unique(days).to_pylist():
        path, new = newsroom.events / f"{day}.arrow", events.filter(pc.equal(days, day))
        if path.is_file():
            there = read_table(path, EVENTS)
            is_new = pc.invert(pc.is_in(new.column("sequence"), value_set=there.column("sequence").combine_chunks()))
            new = pa.concat_tables([there.cast(new.schema), new.filter(is_new)])
        write_table(path, new, EVENTS)
