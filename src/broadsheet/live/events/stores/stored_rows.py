"""An event on its way into a store and back: a tuple for the database, a table for who reads it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from broadsheet.tables.event_schemas import EVENTS

Row = tuple[Any, ...]
"""The values of an event by COLUMNS, as the database holds them: times in microseconds since 1970, lists as JSON."""

COLUMNS = tuple(name for name in EVENTS.names if name not in ("sequence", "received"))
"""The columns that the sender fills; the store puts `sequence` and `received` before them."""
KIND_OF = {
    name: "text" if pa.types.is_string(kind) or pa.types.is_list(kind) else "real" if pa.types.is_floating(kind) else ""
    for name, kind in zip(EVENTS.names, EVENTS.types, strict=True)
}
"""The database's type of each column; empty for a whole number."""
EVENT_ID, KIND, PAGE_ID, UNDOES = (COLUMNS.index(name) for name in ("event_id", "kind", "page_id", "undoes"))
"""Where a row has these."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LISTS = tuple(name for name in COLUMNS if pa.types.is_list(EVENTS.field(name).type))
_TIME, _LIST_PLACES = COLUMNS.index("time"), [COLUMNS.index(name) for name in _LISTS]


def micros(time: datetime) -> int:
    """Return a time as microseconds since 1970."""
    return (time - _EPOCH) // _MICROSECOND


def to_row(event: Mapping[str, Any]) -> Row:
    """Return an event that was checked as the database holds it."""
    values: list[Any] = list(map(event.get, COLUMNS))
    values[_TIME] = micros(values[_TIME])
    if values[KIND] == "page":
        for place in _LIST_PLACES:
            if values[place] is not None:
                values[place] = json.dumps(values[place])
    return tuple(values)


def to_table(rows: Sequence[Row]) -> pa.Table:
    """Return rows of the database, each with its sequence and the time of its receipt first, as a table of EVENTS."""
    if not rows:
        return EVENTS.empty_table()
    arrays = [_array(values, field) for values, field in zip(zip(*rows, strict=True), EVENTS, strict=True)]
    return pa.table(arrays, schema=EVENTS)


def _array(values: Iterable[Any], field: pa.Field) -> pa.Array:
    if pa.types.is_timestamp(field.type):
        return pa.array(values, pa.int64()).cast(field.type)
    if field.name in _LISTS:
        return pa.array([None if value is None else json.loads(value) for value in values], field.type)
    return pa.array(values, field.type)


def asked(groups: Iterable[Iterable[Row]]) -> dict[str, list[str]]:
    """Return by column the values that the store must be asked for: it may have events with these already.

    The columns are event_id, page_id of the pages, and undoes; a column without a value is left out.
    """
    values: dict[str, list[str]] = {"event_id": [], "page_id": [], "undoes": []}
    for group in groups:
        for row in group:
            values["event_id"].append(row[EVENT_ID])
            if row[KIND] == "page":
                values["page_id"].append(row[PAGE_ID])
            elif row[UNDOES] is not None:
                values["undoes"].append(row[UNDOES])
    return {column: found for column, found in values.items() if found}


def split_new(groups: Iterable[Iterable[Row]], known: Mapping[str, set[str]]) -> tuple[list[Row], list[int]]:
    """Return the rows of several callers that the store does not have, and how many of each caller's are new.

    `known` are those of the values that `asked` returned which the store has. An event is there already if its id is; a
    page also if its page_id is, and an undo if its event is undone already.
    """
    ids, pages, undone = (set(known.get(column, ())) for column in ("event_id", "page_id", "undoes"))
    new: list[Row] = []
    counts = []
    for group in groups:
        before = len(new)
        for row in group:
            if row[EVENT_ID] in ids:
                continue
            if row[KIND] == "page":
                if row[PAGE_ID] in pages:
                    continue
                pages.add(row[PAGE_ID])
            elif row[UNDOES] is not None:
                if row[UNDOES] in undone:
                    continue
                undone.add(row[UNDOES])
            ids.add(row[EVENT_ID])
            new.append(row)
        counts.append(len(new) - before)
    return new, counts


_DAY = 86_400_000_000
"""Microseconds."""
BLANK = ", ".join(
    [
        *("kind = 'forgotten'", "user_id = ''", "event_id = {random}"),
        f"time = received - received % {_DAY}",
        f"received = received - received % {_DAY}",
        *(f"{name} = NULL" for name in COLUMNS if name not in ("kind", "user_id", "event_id", "time")),
    ]
)
"""The assignments of an UPDATE that leaves nothing of an event but its number and its day; see `EventStore.blank`."""

ALL_OF = "user_id = %s OR page_id IN (SELECT page_id FROM {table} WHERE kind = 'page' AND user_id = %s)"
"""Which events are a reader's, or happened on a page of the reader."""

NUMBERS = "SELECT count(*), min(sequence), max(sequence)"
"""What `gap_in` needs of the table of events, and behind it the highest number that was given, from one statement."""


def gap_in(name: str, numbers: Sequence[Row]) -> list[str]:
    """Return a problem if events are missing: a store has all from its first to its last, unless it has removed all.

    `numbers` is the answer to NUMBERS; it is empty without a store.
    """
    for count, first, highest, last in numbers:
        wanted = last - first + 1 if count else 0
        if count and (highest != last or count != wanted):
            return [f"{name}: found {count:,} events from number {first:,} on, expected {wanted:,} up to {last:,}"]
    return []
