"""The events of a page that a simulated reader read, as a site would log them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from broadsheet.evaluation.simulation.behaviour import Reading
from broadsheet.live.events.limits import MOST_SECONDS

LOOK_SECONDS = 2.0
"""How long a slot is in sight before the reader clicks it or goes on."""


def events_of(page: Mapping[str, Any], reading: Reading, categories: Sequence[str]) -> list[dict[str, Any]]:
    """Return the event of a page and what the reader did on it, in the order of time.

    `page` is the event of the page, `reading` that of one page (1, slots), `categories` are those of its articles. A
    click comes with the seconds of the read, and a follow names the article's category if it has one.
    """
    events, at = [dict(page)], timedelta()
    of_page = {name: page[name] for name in ("user_id", "page_id")}

    def add(kind: str, slot: int, **fields: object) -> None:
        name, where = f"{page['page_id']}-{slot}-{kind}", {} if kind == "follow" else {"slot": slot}
        events.append({"event_id": name, "kind": kind, "time": page["time"] + at, **of_page, **where, **fields})

    for place, category in enumerate(categories):
        slot = place + 1
        if not reading.looked[0, place]:
            break
        add("view", slot, seconds=LOOK_SECONDS)
        at += timedelta(seconds=LOOK_SECONDS)
        if reading.clicked[0, place]:
            seconds = min(float(reading.seconds[0, place]), MOST_SECONDS)
            add("click", slot)
            at += timedelta(seconds=seconds)
            add("dwell", slot, seconds=seconds)
        if reading.hidden[0, place]:
            add("hide", slot)
        if reading.followed[0, place] and category:
            add("follow", slot, field="category", value=category)
    return events
