"""Following and no longer following by command: in the table of what readers follow, and in the events that say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from broadsheet.errors import InputError
from broadsheet.live.events.acts import not_undone, opinions_of
from broadsheet.live.events.held import held_by_corpus
from broadsheet.live.events.kinds import FOLLOWED
from broadsheet.live.events.store import EventStore
from broadsheet.newsroom import Newsroom
from broadsheet.newsroom.given import shown
from broadsheet.readers.follows import NO_OPINIONS, followed_after, open_follows
from broadsheet.readers.own_table import Row
from broadsheet.text import has_controls, has_invisible

Followed = tuple[str, str]
"""A field, such as category, and the name that is followed there."""


def followed(newsroom: Newsroom, store: EventStore, user_id: str) -> list[Followed]:
    """Return what a reader follows now, also by events that no build has carried yet, in the order of the choice."""
    held = held_by_corpus(newsroom)
    events = [event for event in store.of_readers([user_id]).to_pylist() if event["sequence"] > held]
    row = open_follows(newsroom.follows)().row(user_id)
    after = followed_after(opinions_of(events).get(user_id, NO_OPINIONS), row)
    return [(one["field"], one["name"]) for one in after.get("follows", [])]


def set_followed(newsroom: Newsroom, store: EventStore, user_id: str, wanted: Sequence[Followed]) -> list[Followed]:
    """Have a reader follow these names and no others; on the disk when the call returns.

    Returns what the reader follows. Raises InputError for a field or a name that cannot be followed; then nothing was
    changed.
    """
    wanted = [_checked(field, name) for field, name in dict.fromkeys(wanted)]
    events = store.of_readers([user_id]).to_pylist()
    now, said = datetime.now(UTC), [event for event in not_undone(events) if event["kind"] == "follow"]
    corrections = [
        {"event_id": uuid4().hex, "kind": "undo", "user_id": user_id, "time": now, "undoes": event["event_id"]}
        | {"field": event["field"], "value": event["value"]}
        for event in said
        if (event["field"], event["value"]) not in wanted
    ]
    if corrections:
        store.append(corrections)

    def changed(_: Row) -> Row:
        return {"follows": [{"field": field, "name": name} for field, name in wanted]} if wanted else {}

    open_follows(newsroom.follows).change(user_id, changed)
    if back := [one for one in wanted if one not in followed(newsroom, store, user_id)]:  # an event dropped it
        store.append([_follow(user_id, now, field, name) for field, name in back])
    return followed(newsroom, store, user_id)


def _follow(user_id: str, now: datetime, field: str, name: str) -> Mapping[str, Any]:
    of = {"event_id": uuid4().hex, "kind": "follow", "user_id": user_id, "time": now}
    return {**of, "field": field, "value": name}


def _checked(field: str, name: str) -> Followed:
    if field not in FOLLOWED:
        raise InputError(f"field: found {shown(field)}, expected {', '.join(FOLLOWED)}. Nothing was changed.")
    text = name.strip()
    if not text or len(text) > 200 or has_controls(text) or has_invisible(text):
        raise InputError(f"name: found {shown(name)}, expected 1 to 200 plain characters. Nothing was changed.")
    return field, text
