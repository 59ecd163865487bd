"""Muting and letting in again by command: in the table of mutes, and in the events that say otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from broadsheet.live.events.acts import opinions_of
from broadsheet.live.events.held import held_by_corpus
from broadsheet.live.events.store import open_events
from broadsheet.newsroom import Newsroom
from broadsheet.newsroom.given import given_names
from broadsheet.readers import mutes
from broadsheet.readers.follows import MUTED, NO_OPINIONS, mutes_after

Muted = tuple[list[str], list[str]]
"""The categories and the sources that a reader mutes."""
Row = Mapping[str, Any]


def mute(newsroom: Newsroom, user_id: str, categories: Iterable[str] = (), sources: Iterable[str] = ()) -> Muted:
    """Mute further categories and sources for a reader; on the disk when the call returns.

    Returns all that the reader mutes, also by events that no build has carried yet. The last word on a name holds: a
    name that an event let in or followed is muted now. Raises as `readers.mutes.mute` does, and NewsroomError if the
    event store cannot be reached; then nothing was changed.
    """
    return _change(newsroom, user_id, categories, sources, is_muting=True)


def unmute(newsroom: Newsroom, user_id: str, categories: Iterable[str] = (), sources: Iterable[str] = ()) -> Muted:
    """Let categories and sources of a reader in again: the named ones, or all if none is named.

    A name that an event muted is let in, too. Returns and raises as `mute` does.
    """
    return _change(newsroom, user_id, categories, sources, is_muting=False)


def _change(
    newsroom: Newsroom, user_id: str, categories: Iterable[str], sources: Iterable[str], *, is_muting: bool
) -> Muted:
    newsroom.require()
    names = {"category": given_names(categories, "categories"), "source": given_names(sources, "sources")}
    change = mutes.mute if is_muting else mutes.unmute
    with closing(open_events(newsroom, newsroom.config())) as store:
        events: list[Row] = store.of_readers([user_id]).to_pylist()
        table = change(newsroom, user_id, names["category"], names["source"])
        if corrections := list(_corrections(events, names, is_muting=is_muting)):
            store.append(corrections)
            events = store.of_readers([user_id]).to_pylist()
    held = held_by_corpus(newsroom)
    said = opinions_of(event for event in events if event["sequence"] > held).get(user_id, NO_OPINIONS)
    row = mutes_after(said, dict(zip(MUTED.values(), table.of(user_id), strict=True)))
    return row.get("categories", []), row.get("sources", [])


def _corrections(events: Iterable[Row], names: Mapping[str, list[str]], *, is_muting: bool) -> Iterator[dict[str, Any]]:
    """Yield events after which the reader's last word on each name is the command's.

    A name on which no event says anything needs no event: the table alone says it.
    """
    last = {(event["field"], event["value"]): event for event in events if event["field"] in MUTED}
    names_all = not any(names.values())
    for (field, name), event in last.items():
        said = {"user_id": event["user_id"], "time": datetime.now(UTC), "field": field, "value": name}
        if is_muting and name in names[field] and event["kind"] != "mute":
            yield {"event_id": uuid4().hex, "kind": "mute", **said}
        elif not is_muting and (names_all or name in names[field]) and event["kind"] == "mute":
            yield {"event_id": uuid4().hex, "kind": "undo", "undoes": event["event_id"], **said}
