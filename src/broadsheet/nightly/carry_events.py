"""The nightly way of events into the corpus: clicks, impressions with propensities, follows and mutes, exactly once.

The clicks table is stamped with the number of the last event in it, and takes its place last. All other tables come to
the same when they are written again, so a carrying that was killed begins anew from that number.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.corpus.click_log import READING
from broadsheet.importers.clicks.histories import fill_histories
from broadsheet.live.events.acts import Row, clicks_key, happened, not_undone, opinions_of, since
from broadsheet.live.events.store import EventStore
from broadsheet.newsroom import Newsroom
from broadsheet.readers.audience import Since
from broadsheet.readers.follows import keep_opinions
from broadsheet.tables.arrow_files import from_rows, read_stamp, read_table, write_table
from broadsheet.tables.event_schemas import EVENTS, HELD
from broadsheet.tables.files import remove_folder, sync_folder
from broadsheet.tables.schemas import CLICKS, IMPRESSIONS

SPLIT = "live-{:%Y-%m-%d}"
"""The split with the impressions of a day (UTC)."""
LOOKED_BACK = "events_before"
"""Stamp of a table clicks: the number from which the next carrying reads again, since later events change earlier."""
_COLUMNS = ["sequence", "received", "event_id", "kind", "user_id", "time", "page_id", "slot", "news_id", "seconds"]
_COLUMNS += ["scroll", "field", "value", "undoes", "region"]
_KEY = ["user_id", "news_id", "time", "event"]


class Carried(NamedTuple):
    """What came into the corpus."""

    events: int
    clicks: int
    pages: int
    readers: int
    left_out: int = 0
    "Pages of readers whom the site does not know, which are not among the impressions: an impression has a reader."

    @property
    def line(self) -> str:
        """The same in words; empty if there was no new event."""
        if not self.events:
            return ""
        return (
            f"{self.events:,} events were taken into the corpus: {self.clicks:,} clicks and other acts on articles, "
            f"{self.pages:,} pages, and what {self.readers:,} readers follow or mute"
            + (f"; pages of unknown readers, which are in no impressions: {self.left_out:,}" if self.left_out else "")
        )


def carry_events(newsroom: Newsroom, store: EventStore) -> Carried:
    """Bring the corpus to the last event of the store; the caller holds the newsroom's lock.

    An event that changes what the last carrying took, such as a dwell for a click, changes it in the corpus too. An
    undo of an act on an article does so for as long as the store holds the act. Raises NewsroomError if the store
    cannot be read, ContractError if a table of the corpus is damaged.
    """
    stamp = read_stamp(newsroom.clicks) if newsroom.clicks.is_file() else {}
    after, looked_back, last = int(stamp.get(HELD, 0)), int(stamp.get(LOOKED_BACK, 0)), store.last()
    if last <= after or not newsroom.clicks.is_file():
        return Carried(0, 0, 0, 0)
    events = _read(store, looked_back, last)
    acts = events.filter(pc.invert(pc.is_in(events.column("kind"), value_set=pa.array(["page", "view"]))))
    rows: list[Row] = acts.select(_COLUMNS).to_pylist()
    rows = [*_taken_back_late(store, rows, after), *rows]
    said = opinions_of(row for row in rows if row["sequence"] > after)
    did = since([row for row in rows if row["sequence"] <= after], rows)
    folder = newsroom.news.parent / ".import"  # what a killed carrying leaves there, the next import removes
    remove_folder(folder)
    folder.mkdir()
    clicks = folder / newsroom.clicks.name
    write_table(clicks, _changed(read_table(newsroom.clicks, CLICKS), did), CLICKS, **_stamps(stamp, after, last))
    pages, left_out = _carry_pages(newsroom, events, after, last, clicks)
    keep_opinions(newsroom, said)
    os.replace(clicks, newsroom.clicks)  # noqa: PTH105
    sync_folder(newsroom.clicks.parent)
    remove_folder(folder)
    return Carried(last - after, len(did.clicks), pages, len(said), left_out)


def _read(store: EventStore, after: int, last: int) -> pa.Table:
    parts = [EVENTS.empty_table()]
    while after < last and len(part := store.after(after)):
        after = part.column("sequence")[-1].as_py()
        parts.append(part)
    events = pa.concat_tables(parts)
    return events.filter(pc.less_equal(events.column("sequence"), last))


def _taken_back_late(store: EventStore, rows: Sequence[Row], after: int) -> list[Row]:
    """Return the acts of earlier carryings that events behind the number `after` take back, by their numbers."""
    known = {row["event_id"] for row in rows}
    undone = {row["undoes"] for row in rows if row["sequence"] > after and row["kind"] == "undo"} - known
    found = store.with_ids(sorted(undone)).select(_COLUMNS).to_pylist() if undone else []
    return sorted(found, key=itemgetter("sequence"))


def _changed(clicks: pa.Table, did: Since) -> pa.Table:
    """Return the table with what was done, and without what was taken back.

    An act that the table has already, as where a site imports its clicks too, is replaced by the event. Only the rows
    of these readers on these articles are looked at one by one: the table may be large.
    """
    new = {clicks_key(row) for row in did.clicks.to_pylist() if row["user_id"]}
    changed = new | set(map(clicks_key, did.undone.to_pylist()))
    if changed:
        users, articles = (pa.array({key[place] for key in changed}, pa.string()) for place in (0, 1))
        maybe = pc.and_(pc.is_in(clicks["user_id"], value_set=users), pc.is_in(clicks["news_id"], value_set=articles))
        places = np.flatnonzero(np.asarray(maybe))
        keys = map(clicks_key, clicks.select(_KEY).take(pa.array(places)).to_pylist())
        kept = np.ones(len(clicks), np.bool_)
        kept[places] = [key not in changed for key in keys]
        clicks = clicks.filter(pa.array(kept))
    return pa.concat_tables([clicks.cast(did.clicks.schema), did.clicks])


def _stamps(stamp: Mapping[str, str], after: int, last: int) -> dict[str, str]:
    others = {name: value for name, value in stamp.items() if name not in ("table", "version", HELD, LOOKED_BACK)}
    return others | {HELD: str(last), LOOKED_BACK: str(after)}


def _carry_pages(newsroom: Newsroom, events: pa.Table, after: int, last: int, clicks: Path) -> tuple[int, int]:
    """Write the pages that are new, or on which something new happened, into the impressions of their days.

    Returns how many these are, and how many new pages of readers whom the site does not know were left out.
    """
    new = events.filter(pc.greater(events.column("sequence"), after)).column("page_id")
    on_these = events.filter(pc.is_in(events.column("page_id"), value_set=pc.unique(new.drop_null())))
    is_page = pc.equal(on_these.column("kind"), "page")
    acts: dict[str, list[Row]] = {}
    for act in not_undone(on_these.filter(pc.invert(is_page)).select(_COLUMNS).to_pylist()):
        acts.setdefault(act["page_id"], []).append(act)
    splits: dict[str, list[dict[str, Any]]] = {}
    left_out = 0
    for page in on_these.filter(is_page).to_pylist():
        row = impression_of(page, acts.get(page["page_id"], ()))
        left_out += not row["user_id"] and page["sequence"] > after
        if row["user_id"] and row["shown"]:
            splits.setdefault(SPLIT.format(row["time"]), []).append(row)
    for split, rows in splits.items():
        _write_impressions(newsroom, split, rows, last, clicks)
    return sum(map(len, splits.values())), left_out


def impression_of(page: Row, acts: Iterable[Row]) -> dict[str, Any]:
    """Return the impression of a page with what happened on it, without a history.

    Where the page told which slots came in sight, only these were shown, and those that were clicked.
    """
    acts, shown = list(acts), page["shown"] or []
    clicked = {act["slot"] for act in acts if act["kind"] in READING}
    seen = {act["slot"] for act in acts if act["kind"] == "view" and act["slot"]}
    slots = [slot for slot in range(1, len(shown) + 1) if not seen or slot in seen | clicked]
    propensity = page["propensity"]
    return dict.fromkeys(IMPRESSIONS.names) | {
        "impression_id": page["page_id"],
        "user_id": page["user_id"],
        "time": happened(page),
        "history": [],
        "shown": [shown[slot - 1] for slot in slots],
        "clicked": [slot in clicked for slot in slots],
        "propensity": [propensity[slot - 1] for slot in slots] if propensity else None,
        "in_sight": bool(seen),
    }


def _write_impressions(newsroom: Newsroom, split: str, rows: Sequence[dict[str, Any]], last: int, clicks: Path) -> None:
    path, ids = newsroom.impressions(split), [row["impression_id"] for row in rows]
    part = clicks.with_name(path.name)
    write_table(part, from_rows(rows, IMPRESSIONS), IMPRESSIONS)
    fill_histories(part, ids, [clicks])
    table = read_table(part, IMPRESSIONS)
    if path.is_file():
        there = read_table(path, IMPRESSIONS)
        others = pc.invert(pc.is_in(there.column("impression_id"), value_set=pa.array(ids, pa.string())))
        table = pa.concat_tables([there.filter(others).cast(table.schema), table])
    table = table.sort_by([("time", "ascending"), ("impression_id", "ascending")])
    write_table(path, table, IMPRESSIONS, **{HELD: str(last)})
