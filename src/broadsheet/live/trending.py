"""What is read most at the moment: decayed counts of acts, of all articles, of a category, of a region."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.config.acts import ActsConfig
from broadsheet.corpus.worth import weighed
from broadsheet.live.events.acts import ACTS, Row
from broadsheet.live.events.held import held_events
from broadsheet.live.events.store import EventStore
from broadsheet.live.held_acts import HeldActs
from broadsheet.live.in_force import TAKEN
from broadsheet.live.live_worth import KINDS, LiveWorth
from broadsheet.newsroom import Edition
from broadsheet.pages.article_lists import visible
from broadsheet.retrieval.sources.popularity_freshness import decayed_counts
from broadsheet.tables.arrays import Floats
from broadsheet.tables.arrow_files import empty, epoch_seconds, read_table
from broadsheet.tables.locks import ThreadLock
from broadsheet.tables.schemas import CLICKS
from broadsheet.workbench.workbench import Workbench


class RegionCounts:
    """What acts in each region are worth: those of the edition's clicks, and those of later events.

    The clicks are read when a region is first asked for, and new events whenever one is asked for again. Safe to share
    between threads.
    """

    def __init__(self, store: EventStore, edition: Edition, settings: ActsConfig) -> None:
        self._store, self._settings, self._taken = store, settings, held_events(edition.clicks)
        self._edition, self._held_acts = edition, HeldActs(store, (self._taken, 0))
        self._number_of: dict[str, int] = {}
        self._regions: dict[str, LiveWorth] = {}
        self._lock = ThreadLock()

    def __call__(self, region: str, as_of: datetime) -> dict[str, float]:
        """Return what the acts in a region are worth at a moment, by article; raises NewsroomError as the store does.

        A dwell of an event counts if it names the region itself, or a page of the region.
        """
        with self._lock:
            while len(events := self._store.after(self._taken)):
                self._add(events)
                self._taken = events.column("sequence")[-1].as_py()
            counts = decayed_counts(self._of(region).worth(), as_of.timestamp(), len(self._number_of))
            return dict(zip(self._number_of, counts.tolist(), strict=True))

    def _add(self, events: pa.Table) -> None:
        counts = pc.and_(pc.is_in(events.column("kind"), value_set=pa.array(KINDS)), events.column("region").is_valid())
        rows = events.filter(counts).select(TAKEN).to_pylist()
        for act in self._held_acts.acts(rows, self._knows):
            if act["region"] is not None and act["news_id"] is not None:
                self._of(act["region"]).hold(act, self._number(act["news_id"]))
        for event in rows:
            if event["news_id"] is not None:
                self._of(event["region"]).add(event, self._number(event["news_id"]))

    def _knows(self, event: Row) -> bool:
        number = self._number_of.get(event["news_id"] or "")
        return event["kind"] == "dwell" and number is not None and self._of(event["region"]).has_read(event, number)

    def _of(self, region: str) -> LiveWorth:
        if region not in self._regions:
            acts = self._clicks.filter(pc.field("region") == region)
            rows = np.array([self._number(news_id) for news_id in acts.column("news_id").to_pylist()], np.int64)
            seconds = np.asarray(pc.fill_null(acts.column("dwell_seconds"), np.nan), np.float64)
            times = epoch_seconds(acts.column("time"))
            first = weighed(rows, acts.column("event").to_pylist(), times, seconds, self._settings)
            self._regions[region] = LiveWorth(first)
        return self._regions[region]

    def _number(self, news_id: str) -> int:
        return self._number_of.setdefault(news_id, len(self._number_of))

    @cached_property
    def _clicks(self) -> pa.Table:
        """The acts of the edition's clicks that have a region."""
        path = self._edition.clicks
        clicks = read_table(path, CLICKS) if path.is_file() else empty(CLICKS)
        known = pc.is_in(clicks.column("event"), value_set=pa.array(ACTS))
        return clicks.filter(pc.and_(known, clicks.column("region").is_valid()))


def trending(
    bench: Workbench, as_of: datetime, k: int, category: str | None, in_region: dict[str, float] | None
) -> list[tuple[str, float]]:
    """Return at most k articles with what their acts are worth at a moment, the largest first, above 0.

    `category` is that of the articles, all if None. `in_region` has what acts are worth by article where a region is
    asked for; else all acts count. Articles withdrawn, not yet published, or left out by the site's filters are not
    among them.
    """
    catalogue = bench.data.catalogue
    counts = _all(bench, as_of) if in_region is None else _by_row(bench, in_region)
    shown = visible(bench, as_of) & (counts > 0)
    if category is not None:
        shown &= catalogue.category == category
    rows = np.flatnonzero(shown)
    rows = rows[np.argsort(-counts[rows], kind="stable")[:k]]
    names = catalogue.news.column("news_id").take(pa.array(rows)).to_pylist()
    return list(zip(names, counts[rows].tolist(), strict=True))


def _all(bench: Workbench, as_of: datetime) -> Floats:
    return decayed_counts(bench.logs().clicks.counted, as_of.timestamp(), len(bench.data.catalogue))


def _by_row(bench: Workbench, worth: dict[str, float]) -> Floats:
    catalogue, counts = bench.data.catalogue, np.zeros(len(bench.data.catalogue))
    for news_id, one in worth.items():
        if (row := catalogue.row_of.get(news_id)) is not None:
            counts[row] = one
    return counts
