"""What events mean for a corpus: rows of the clicks table, and what readers follow and mute."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from broadsheet.corpus.click_log import AGAINST, READING
from broadsheet.readers.audience import Since
from broadsheet.readers.follows import Opinions
from broadsheet.tables.arrow_files import from_rows
from broadsheet.tables.schemas import CLICKS

ACTS = (*READING, *AGAINST)
"""Kinds of events that are a row of the clicks table each."""
_APART = timedelta(microseconds=1)
_MEASURES = {"dwell": ("seconds", "dwell_seconds"), "scroll": ("scroll", "scroll")}
"""For each kind that measures a read, its value and the column of the clicks table."""

Row = Mapping[str, Any]
"""A row of table events."""
Key = tuple[str, str, datetime, str]
"""Reader, article, time and kind of a row of the clicks table."""


def clicks_of(events: Iterable[Row]) -> dict[Key, dict[str, Any]]:
    """Return the rows of the clicks table that events make, in the order of the events.

    An event that its reader took back makes no row. `dwell` and `scroll` complete the reader's last event of reading
    the article that was not later; of several values the largest counts. A `dwell` without such an event adds nothing.
    Readers whom the site does not know are told apart by their pages, and two such clicks are never the same click.
    """
    rows: dict[Key, dict[str, Any]] = {}
    last: dict[tuple[str, str], dict[str, Any]] = {}
    for event in sorted(not_undone(events), key=happened):
        kind, user_id, news_id = event["kind"], event["user_id"], event["news_id"]
        who = reader_of(event)
        if kind in ACTS:
            row = {"user_id": user_id, "news_id": news_id, "time": happened(event), "event": kind}
            row |= {"dwell_seconds": None, "scroll": None, "region": event["region"]}
            while not user_id and clicks_key(row) in rows:
                row["time"] += _APART
            row = rows.setdefault(clicks_key(row), row)
            if kind in READING:
                last[who, news_id] = row
        elif kind in _MEASURES and (who, news_id) in last:
            name, column = _MEASURES[kind]
            row = last[who, news_id]
            row[column] = max(row[column] or 0.0, event[name])
    return rows


def reader_of(event: Row) -> str:
    """Return the reader of an event; readers whom the site does not know are told apart by their pages."""
    return event["user_id"] or f"on page {event['page_id']}"


def clicks_key(row: Row) -> Key:
    """Return what tells a row of the clicks table from the others."""
    return row["user_id"], row["news_id"], row["time"], row["event"]


def since(before: Iterable[Row], after: Iterable[Row]) -> Since:
    """Return what the rows of the clicks table that `before` makes lack, or have too much, against those of `after`.

    For example, a click of `before` that a later `dwell` completes is a row to take back, and a row to add.
    """
    added, undone = changed(before, after)
    return Since(from_rows(added, CLICKS), from_rows(undone, CLICKS))


def changed(before: Iterable[Row], after: Iterable[Row]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the rows that `since` adds, and the rows that it takes back."""
    old, new = clicks_of(before), clicks_of(after)
    added = [row for key, row in new.items() if old.get(key) != row]
    return added, [row for key, row in old.items() if new.get(key) != row]


def opinions_of(events: Iterable[Row]) -> dict[str, Opinions]:
    """Return what each reader follows, mutes and no longer does after these events; the last word on a name counts.

    Events come in the order of their numbers. An undo has the field and the name of what it takes back.
    """
    found: dict[str, Opinions] = {}
    for event in events:
        kind, field = event["kind"], event["field"]
        if field is not None:
            opinions = found.setdefault(event["user_id"], Opinions({}, {}, {}))
            said = {"follow": opinions.follows, "mute": opinions.mutes, "undo": opinions.dropped}[kind]
            for names in opinions:
                if event["value"] in names.get(field, ()):
                    names[field].remove(event["value"])
            said.setdefault(field, []).append(event["value"])
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


def happened(event: Row) -> datetime:
    """Return when an event happened: by the sender's clock, unless that is ahead of the store's."""
    time: datetime = min(event["time"], event["received"])
    return time
