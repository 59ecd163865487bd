"""What a change of the ranking's settings costs and gains, before it is made: on the newsroom's latest impressions.

Two workbenches of the same data are compared, one under the settings in force and one under others. Both order the
articles that impressions showed, as of their times, and both make pages of some readers as of now.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.corpus.exposures import HOUR
from broadsheet.corpus.impressions import Impression, make_impression
from broadsheet.metrics.intervals import Bootstrap, Difference
from broadsheet.metrics.ranking import Impressions, ndcg
from broadsheet.offline.signals import shown_requests
from broadsheet.readers.state import ReaderState
from broadsheet.tables.arrays import Floats
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import IMPRESSIONS
from broadsheet.workbench.exploring import click_rates_of, exploration_of, make_explorer
from broadsheet.workbench.ranking import rank
from broadsheet.workbench.workbench import Workbench

if TYPE_CHECKING:
    from broadsheet.rerank.explored import Explorer

K = 10
"""Stories of a page that are measured."""
MOST, LEAST = 200, 30
"""Most impressions that are measured, the latest; with fewer than LEAST, a mean would say little and is not given."""
READERS = 32
"""Most readers whose pages are compared."""
SECONDS = 20.0
"""Seconds after which no further impressions are begun."""
FIGURES = ("distance of a story to the stories above, 0 to 2", "age of the stories, hours", "categories on a page")
_BLOCK = 16

Progress = Callable[[int, int], None]
"""Gets how much is done, and of how much."""
Pair = tuple[Workbench, Workbench]


@dataclass(frozen=True)
class Measured:
    """A figure under the settings in force and under the others."""

    name: str
    now: float
    then: float
    difference: Difference
    "Then - now, with its 95 % interval over readers."


@dataclass(frozen=True)
class Price:
    """What a change of settings costs and gains."""

    impressions: int
    "How many impressions with clicks were measured."
    found: int
    "How many there are, MOST at most; fewer are measured where SECONDS do not suffice."
    ndcg: Measured | None
    "nDCG at 10 of the clicks on what impressions showed; None with fewer than LEAST impressions."
    readers: int
    "How many readers' pages were compared."
    times: tuple[datetime, datetime] | None = None
    "When the first and the last of the measured impressions were shown; None if no impression was measured."
    pages: list[Measured] = field(default_factory=list)
    "What differs on the pages of now: articles, distance within the page, ages."


def measure_price(now: Workbench, then: Workbench, as_of: datetime, progress: Progress) -> Price:
    """Return the price of going from the settings of one workbench to those of another; takes some SECONDS."""
    started, both = time.monotonic(), (now, then)
    impressions = latest_impressions(now, as_of)
    readers = _some_readers(now, as_of)
    total, gains = len(impressions) + len(readers), list[Floats]()
    pages = _pages(both, readers, as_of)
    done = len(readers)
    progress(done, total)
    for start in range(0, len(impressions), _BLOCK):
        if time.monotonic() - started > SECONDS:
            break
        block = impressions[start : start + _BLOCK]
        gains.append(np.stack([_ndcg(bench, block) for bench in both], axis=1))
        done += len(block)
        progress(done, total)
    measured = sum(map(len, gains))
    enough = measured >= LEAST
    times = (impressions[measured - 1].time, impressions[0].time) if measured else None
    users = [one.user_id or f"nobody {one.number}" for one in impressions[:measured]]
    clicks = _compared("nDCG@10", np.concatenate(gains), users) if enough else None
    return Price(measured, len(impressions), clicks, len(readers), times, pages)


def latest_impressions(bench: Workbench, as_of: datetime) -> list[Impression]:
    """Return the latest impressions before a time that show both a clicked article and another, the latest first."""
    columns, found = ["impression_id", "user_id", "time", "history", "shown", "clicked"], list[Impression]()
    for path in bench.data.newsroom.all_impressions():
        table = read_table(path, IMPRESSIONS).select(columns)
        table = table.filter(pc.less(table["time"], pa.scalar(as_of, table["time"].type)))
        order = pc.sort_indices(table, [("time", "descending")])[: 4 * MOST]
        found += [make_impression(bench.data.catalogue, row, 0) for row in table.take(order).to_pylist()]
    latest = sorted((one for one in found if one.rankable), key=lambda one: one.time, reverse=True)[:MOST]
    return [replace(one, number=number) for number, one in enumerate(latest)]


def _ndcg(bench: Workbench, impressions: Sequence[Impression]) -> Floats:
    """Return the nDCG at K of each impression in the order that a workbench gives to what was shown."""
    requests = shown_requests(bench, impressions)
    readers = [reader for reader, _ in requests]
    depth = max(bench.models.config.rerank.depth, *(len(one.shown) for one in impressions))
    reranker = bench.reranker if depth == bench.models.config.rerank.depth else bench.make_reranker(depth)
    candidates = pa.concat_tables([table for _, table in requests])
    explorer = _explorer(bench, readers, max(one.time for one in impressions))
    ranked = reranker(readers, candidates, bench.selection, K, explorer)
    columns = [ranked.column(name).to_pylist() for name in ("user_id", "news_id", "rank")]
    place = {(user_id, news_id): number for user_id, news_id, number in zip(*columns, strict=True)}
    scores = [-float(place.get((str(one.number), news_id), 10**6)) for one in impressions for news_id in one.shown]
    clicked = np.array([hit for one in impressions for hit in one.clicked], np.bool_)
    offsets = np.cumsum([0, *(len(one.shown) for one in impressions)])
    return ndcg(Impressions(np.array(scores), clicked, offsets), K)


def _pages(both: Pair, readers: Sequence[ReaderState], as_of: datetime) -> list[Measured]:
    """Return what differs on the pages of some readers."""
    if not readers:
        return []
    sides = [_page_figures(bench, readers, as_of) for bench in both]
    users, (ours, theirs) = [reader.user_id for reader in readers], sides
    same = [len(set(mine) & set(other)) for mine, other in zip(ours[0], theirs[0], strict=True)]
    kept = np.array([[len(mine), count] for mine, count in zip(ours[0], same, strict=True)], np.float64)
    figures = [np.stack([ours[1][name], theirs[1][name]], axis=1) for name in FIGURES]
    found = [_compared("stories of now on the page", kept, users)]
    return found + [_compared(name, values, users) for name, values in zip(FIGURES, figures, strict=True)]


def _page_figures(
    bench: Workbench, readers: Sequence[ReaderState], as_of: datetime
) -> tuple[list[list[str]], dict[str, Floats]]:
    ranked = rank(bench, readers, as_of, K, explorer=_explorer(bench, readers, as_of)).ranked
    catalogue, now = bench.data.catalogue, as_of.timestamp()
    categories, pages, figures = catalogue.names["category"].numbers, list[list[str]](), list[list[float]]()
    for reader in readers:
        own = ranked.filter(pc.equal(ranked["user_id"], reader.user_id))
        rows = np.array(catalogue.rows(own["news_id"].to_pylist()), np.int64)
        ages = (now - catalogue.published_at[rows]) / HOUR
        pages.append(own["news_id"].to_pylist())
        known = ages[np.isfinite(ages)]
        distance = pc.mean(own["diversity"]).as_py() if len(own) else 0.0
        figures.append([distance, float(np.mean(known)) if len(known) else 0.0, len(np.unique(categories[rows]))])
    columns = np.array(figures, np.float64).T
    return pages, dict(zip(FIGURES, columns, strict=True))


def _explorer(bench: Workbench, readers: Sequence[ReaderState], as_of: datetime) -> Explorer | None:
    budget = exploration_of(bench.models.config.exploration).budget(0)
    ids = {reader.user_id: f"price {reader.user_id}" for reader in readers}
    return make_explorer(bench, as_of, K, ids, dict.fromkeys(ids, budget), click_rates_of)


def _some_readers(bench: Workbench, as_of: datetime) -> list[ReaderState]:
    """Return at most READERS readers, spread evenly over those of the newsroom."""
    audience = bench.data.readers.audience
    known = audience.active(as_of, bench.models.config.active_days) or audience.all()
    chosen = known[:: max(1, len(known) // READERS)][:READERS]
    return bench.readers(audience.state(chosen, as_of), bench.data.readers.mutes())


def _compared(name: str, values: Floats, users: Sequence[str]) -> Measured:
    """Return a figure of each case, (cases, now and then), as means with their difference."""
    now, then = values.T
    difference = Bootstrap(users, np.random.default_rng(0)).difference(then, now)
    return Measured(name, float(now.mean()), float(then.mean()), difference)
