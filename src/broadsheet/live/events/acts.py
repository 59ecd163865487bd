"""What events mean for a corpus: rows of the clicks table, and what readers follow and mute."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import pyarrow as pa

from broadsheet.corpus.click_log import AGAINST, READING
from broadsheet.readers.audience import Since
from broadsheet.tables.arrow_files import from_rows
from broadsheet.tables.schemas import CLICKS

ACTS = (*READING, *AGAINST)
"""Kinds of events that are a row of the clicks table each."""
_MEASURES = {"dwell": ("seconds", "dwell_seconds"), "scroll": ("scroll", "scroll")}
"""For each kind that measures a read, its value and the column of the clicks table."""

Row = Mapping[str, Any]
"""A row of table events."""
Key = tuple[str, str, datetime, str]
"""Reader, article, time and kind of a row of the clicks table."""


class Opinions(NamedTuple):
    """What a reader follows and mutes; of each field its values, in the order in which they were told."""

    follows: dict[str, list[str]]
    mutes: dict[str, list[str]]


def clicks_of(events: Iterable[Row]) -> dict[Key, dict[str, Any]]:
    """Return the rows of the clicks table that events make, in the order of the events.

    An event that its reader took back makes no row. `dwell` and `scroll` complete the reader's last event of reading
    the article that was not later; of several values the largest counts. A `dwell` without such an event adds nothing.
    """
    rows: dict[Key, dict[str, Any]] = {}
    last: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for event in sorted(not_undone(events), key=lambda event: event["time"]):
        kind, user_id, news_id = event["kind"], event["user_id"], event["news_id"]
        if kind in ACTS:
            row = {"user_id": user_id, "news_id": news_id, "time": event["time"], "event": kind}
            row |= {"dwell_seconds": None, "scroll": None}
            row = rows.setdefault((user_id, news_id, event["time"], kind), row)
            if kind in READING:
                last.setdefault((user_id, news_id), []).append(row)
        elif kind in _MEASURES and (user_id, news_id) in last:
            name, column = _MEASURES[kind]
            row = last[user_id, news_id][-1]
            row[column] = max(row[column] or 0.0, event[name])
    return rows


def since(before: Iterable[Row], after: Iterable[Row]) -> Since:
    """Return what the rows of the clicks table that `before` makes lack, or have too much, against those of `after`.

    For example, a click of `before` that a later `dwell` completes is a row to take back, and a row to add.
    """
    old, new = clicks_of(before), clicks_of(after)
    added = [row for key, row in new.items() if old.get(key) != row]
    undone = [row for key, row in old.items() if new.get(key) != row]
    return Since(from_rows(added, CLICKS), from_rows(undone, CLICKS))


def opinions_of(events: Iterable[Row]) -> dict[str, Opinions]:
    """Return what each reader follows and mutes after these events; the last word on a value counts."""
    found: dict[str, Opinions] = {}
    for event in not_undone(events):
        if event["kind"] in ("follow", "mute"):
            opinions = found.setdefault(event["user_id"], Opinions({}, {}))
            yes, no = (opinions.follows, opinions.mutes)[:: 1 if event["kind"] == "follow" else -1]
            field, value = event["field"], event["value"]
            if value in no.get(field, ()):
                no[field].remove(value)
            if value not in yes.setdefault(field, []):
                yes[field].append(value)
    return found


def not_undone(events: Iterable[Row]) -> list[Row]:
    """Return the events without those that their readers took back; an undo that was itself undone takes back nothing.

    Events come in the order of their numbers, so an undo stands after what it takes back.
    """
    events = list(events)
    undone: set[tuple[str, str]] = set()
    for event in reversed(events):
        if event["kind"] == "undo" and (event["user_id"], event["event_id"]) not in undone:
            undone.add((event["user_id"], event["undoes"]))
    return [one for one in events if one["kind"] != "undo" and (one["user_id"], one["event_id"]) not in undone]
