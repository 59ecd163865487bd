"""Impressions in order of time through the event store: ranked with what came until then, and by last night's edition.

A newsroom starts with what it knew before the first impression. Each list that readers were shown is logged as a page,
and each click as an event, as a site would log them. Every midnight (UTC) an edition is built, which carries the events
into the corpus. The lists are ranked before they are logged, so nothing of the future is known.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.corpus.impressions import Impression
from broadsheet.live.live_readers import LiveReaders
from broadsheet.newsroom import Newsroom
from broadsheet.nightly.build import build
from broadsheet.pipeline import Pipeline
from broadsheet.progress import Say
from broadsheet.readers.state import ReaderState
from broadsheet.retrieval import interest_vectors
from broadsheet.tables.arrays import Floats, draw_rows
from broadsheet.tables.arrow_files import read_table, write_table
from broadsheet.tables.schemas import CLICKS, IMPRESSIONS, NEWS
from broadsheet.workbench.workbench import Workbench, open_current

LIVE, NIGHT = "live", "a night"
NOTES = {
    LIVE: "each list ranked with all events that were logged before it, by the newsroom's own pipeline",
    NIGHT: "each list ranked by the edition of the last midnight (UTC), which knows no later click of any reader",
}
AT_ONCE = 500
"""Most events of one call of the log."""


@dataclass(frozen=True)
class Replayed:
    """What came out of a replay."""

    impressions: Sequence[Impression]
    "The lists that were ranked."
    scores: dict[str, list[Floats]]
    "For each of LIVE and NIGHT the scores of what was shown, laid end to end (shown,), in a list of one."
    taken: dict[str, int]
    "The events taken by kind."
    refused: dict[str, int]
    "The events refused by reason."
    days: dict[str, str]
    "For each day what the build before it carried into the corpus."


def copy_until(source: Newsroom, folder: Path, moment: datetime) -> Newsroom:
    """Copy a newsroom as it was at a moment: without later articles, clicks and impressions.

    The folder must not be there yet.
    """
    ignored = shutil.ignore_patterns("measured-*", "events", "impressions-*")
    shutil.copytree(source.path, folder, symlinks=True, ignore=ignored)
    room = Newsroom(folder)
    for table in source.all_impressions():
        _write_until(table, room.path / "corpus" / table.name, IMPRESSIONS, "time", moment)
    _write_until(source.clicks, room.clicks, CLICKS, "time", moment)
    _write_until(source.news, room.news, NEWS, "published_at", moment)
    return room


def replay(room: Newsroom, source: Newsroom, impressions: Sequence[Impression], measured: int, say: Say) -> Replayed:
    """Log impressions in order of time, and rank some of them, drawn by chance, before they are logged.

    `room` is the newsroom `source` as of the first impression. It is changed: it gets the events, and each midnight the
    articles of the next day and an edition.
    """
    ordered = sorted(impressions, key=lambda one: (one.time, one.number))
    rankable = [place for place, one in enumerate(ordered) if one.rankable]
    drawn = {rankable[place] for place in draw_rows(len(rankable), measured).tolist()}
    found: dict[str, list[Floats]] = {LIVE: [], NIGHT: []}
    taken, refused, days = Counter[str](), Counter[str](), dict[str, str]()
    for day, group in groupby(enumerate(ordered), key=lambda one: one[1].time.date()):
        carried = _build(room, source, datetime.combine(day, time(), UTC) + timedelta(days=1))
        live, night = Pipeline.open(room.path), open_current(room)
        readers, pending = LiveReaders(live.events), list[dict[str, Any]]()
        for place, one in group:
            if place in drawn:
                _log(live, pending, taken, refused)
                found[LIVE].append(_scores(live.bench, readers(live.bench, [one.user_id], one.time), one))
                found[NIGHT].append(_scores(night, _as_of_night(night, one), one))
            pending += events_of(one)
            if len(pending) >= AT_ONCE:
                _log(live, pending, taken, refused)
        _log(live, pending, taken, refused)
        live.events.close()
        days[f"{day}"] = carried
        say(f"{day}: {len(found[LIVE]):,} of {len(drawn):,} lists ranked; at midnight {carried or 'no event'}")
    scores = {name: [np.concatenate([np.zeros(0), *parts])] for name, parts in found.items()}
    return Replayed([ordered[place] for place in sorted(drawn)], scores, dict(taken), dict(refused), days)


def _write_until(source: Path, target: Path, schema: pa.Schema, column: str, moment: datetime) -> None:
    table = read_table(source, schema)
    times = table.column(column)
    write_table(target, table.filter(pc.fill_null(pc.less(times, pa.scalar(moment, times.type)), True)), schema)


def _build(room: Newsroom, source: Newsroom, until: datetime) -> str:
    """Build an edition with the articles that appeared until a moment; returns what came into the corpus of events."""
    _write_until(source.news, room.news, NEWS, "published_at", until)
    reader = read_table(room.clicks, CLICKS).column("user_id")[0].as_py()
    said: list[str] = []
    build(room, [reader], said.append)
    return next((line.removeprefix("events: ") for line in said if line.startswith("events: ")), "")


def events_of(one: Impression) -> Iterator[dict[str, Any]]:
    """Yield the events of an impression: its page, and a second later each click on it."""
    page_id = f"{one.number}"
    who = {"user_id": one.user_id, "page_id": page_id}
    yield {**who, "event_id": page_id, "kind": "page", "time": one.time, "shown": list(dict.fromkeys(one.shown))}
    places = {news_id: slot for slot, news_id in enumerate(dict.fromkeys(one.shown), 1)}
    clicked = [news_id for news_id, hit in zip(one.shown, one.clicked, strict=True) if hit]
    for news_id in dict.fromkeys(clicked):
        later = one.time + timedelta(seconds=1)
        about = {"event_id": f"{page_id} {news_id}", "kind": "click", "time": later}
        yield {**who, **about, "slot": places[news_id], "news_id": news_id}


def _log(live: Pipeline, pending: list[dict[str, Any]], taken: Counter[str], refused: Counter[str]) -> None:
    if pending:
        report = live.log(pending)
        taken.update(report.taken)
        refused.update(report.refused)
        pending.clear()


def _as_of_night(night: Workbench, one: Impression) -> list[ReaderState]:
    known = night.data.readers
    return night.readers(known.audience.state([one.user_id], one.time), known.mutes())


def _scores(bench: Workbench, readers: Sequence[ReaderState], one: Impression) -> Floats:
    """Return the fused scores of what was shown to the one reader (shown,), as of its time."""
    (vectors,) = interest_vectors(bench.retriever.vectors(readers))
    candidates = bench.retriever.describe(readers[0], vectors, one.shown, one.time)
    (scores,) = bench.reranker.scores(readers, [candidates])
    return scores
