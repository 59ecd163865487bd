"""Taking forgotten readers out of the events: those in the stores, and those in the archive by day."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.live.events.archive import archived_days
from broadsheet.live.events.store import stores_to_carry
from broadsheet.newsroom import Newsroom
from broadsheet.nightly.forgetting.forgotten_rows import Find, readers_in, rewrite
from broadsheet.tables.arrays import Flags
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.event_schemas import EVENTS
from broadsheet.tables.fields import TIME


def clean_events(newsroom: Newsroom, find: Find) -> int:
    """Blank the events of forgotten readers, and what anybody did on their pages; return how many.

    A blank event keeps its number and its day, so that no number is missing. Raises NewsroomError if a store cannot be
    reached, ContractError if a file of the archive is damaged.
    """
    for part in newsroom.events.glob(".*.arrow.*.part"):
        part.unlink()
    pages, blanked = _clean_archive(newsroom, find)
    for store in stores_to_carry(newsroom, newsroom.config()):
        with closing(store):
            if (until := find(store.user_ids())) or pages:
                blanked += store.blank(until, pages)
    return blanked


def _clean_archive(newsroom: Newsroom, find: Find) -> tuple[list[str], int]:
    """Blank the events in the files by day; return the pages of forgotten readers, and how many events that were."""
    pages: list[str] = []
    blanked = 0
    for path in archived_days(newsroom):
        table = read_table(path, EVENTS)
        old = _old_events(table, find(readers_in(table)))
        pages += table.filter(pc.and_(pa.array(old), pc.equal(table["kind"], "page")))["page_id"].to_pylist()
        old |= np.asarray(pc.is_in(table["page_id"], value_set=pa.array(pages, pa.string())), np.bool_)
        if old.any():
            rewrite(path, EVENTS, _blanked(table, old))
            blanked += int(old.sum())
    return pages, blanked


def _old_events(table: pa.Table, until: Mapping[str, datetime]) -> Flags:
    """Return which events are of these readers and happened until the time of each."""
    places = pc.index_in(table["user_id"], value_set=pa.array(list(until), pa.string()))
    limits = pa.array(list(until.values()), TIME).take(places.combine_chunks())
    happened = pc.or_(pc.less_equal(table["time"], limits), pc.less_equal(table["received"], limits))
    return np.array(pc.fill_null(happened, False), np.bool_)


def _blanked(table: pa.Table, old: Flags) -> pa.Table:
    """Return a table events of which some have nothing but their number and their day."""
    rows, where = table.filter(pa.array(old)), np.flatnonzero(old)
    day = pc.floor_temporal(rows["received"], unit="day")
    values: dict[str, Any] = {
        "sequence": rows["sequence"],
        "received": day,
        "time": day,
        "event_id": [secrets.token_hex(16) for _ in range(len(rows))],
        "kind": ["forgotten"] * len(rows),
        "user_id": [""] * len(rows),
    }
    blank = pa.table([_column(values.get(field.name), field, len(rows)) for field in EVENTS], schema=EVENTS)
    order = np.argsort(np.concatenate([np.flatnonzero(~old), where]), kind="stable")
    others = table.filter(pa.array(~old)).cast(EVENTS)
    return pa.concat_tables([others, blank]).take(pa.array(order))


def _column(values: Any, field: pa.Field, count: int) -> pa.ChunkedArray:  # noqa: ANN401
    if values is None:
        return pa.nulls(count, field.type)
    return values if isinstance(values, pa.ChunkedArray) else pa.array(values, field.type)
