"""An experiment measured: from the events of a newsroom, its articles and its earlier clicks to what was found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.config.experiments import ExperimentConfig, time_of
from broadsheet.config.settings import Config
from broadsheet.errors import InputError
from broadsheet.experiments.logged import COLUMNS, KINDS, Logged, in_force, read_logged
from broadsheet.experiments.results import GuardRail, results_of
from broadsheet.experiments.votes import votes_of
from broadsheet.live.events.archive import archived_days
from broadsheet.live.events.limits import AHEAD, OLDEST
from broadsheet.live.events.store import open_events
from broadsheet.newsroom import Newsroom
from broadsheet.tables.arrays import Floats
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.event_schemas import EVENTS
from broadsheet.tables.schemas import CLICKS, NEWS

DAYS_BEFORE = 28
"""Days before an experiment whose clicks say how much a reader clicks."""
AFTER = timedelta(days=1)
"""How long after the end of an experiment what readers do on its pages still counts."""
EVER, NEVER = datetime(1970, 1, 3, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""Times before and after all events."""
GUARDS = {
    "hides": "hides a page; an alarm if there are surely more",
    "diversity": "categories of a page divided by its articles; an alarm if it is surely lower by more than 5 %",
    "seconds": "seconds that a page took; an alarm if it is surely longer by more than 10 %",
}
"""The guard-rails, and what each says."""


def chosen(config: Config, name: str | None) -> dict[str, ExperimentConfig]:
    """Return the experiment with a name, or all; raises InputError if the settings have no such experiment, or none."""
    if name is None and config.experiments:
        return config.experiments
    if name in config.experiments:
        return {name: config.experiments[name]}
    if name is None:
        raise InputError(
            "experiment: found no experiment in broadsheet.toml. Add a section [experiments.NAME] with two arms."
        )
    known = ", ".join(config.experiments) or "no experiment"
    raise InputError(
        f"experiment {name!r}: found {known} in broadsheet.toml. Name an experiment that is there, or add its section."
    )


def measure(newsroom: Newsroom, name: str, experiment: ExperimentConfig, events: pa.Table) -> dict[str, Any]:
    """Return what an experiment found, by events with COLUMNS; see `results_of` and `votes_of`.

    What readers clicked before the experiment is read from the newsroom's clicks and from the events.
    """
    own = during(events, experiment)
    if experiment.kind == "interleaving":
        return votes_of(name, experiment, own)
    logged = read_logged(own, name, tuple(experiment.arms))
    if not logged.pages:
        return results_of(name, experiment, logged, {})
    guards = {
        "hides": GuardRail(logged.hides, 1, 0.0),
        "diversity": GuardRail(_diversity(newsroom, logged), -1, 0.05),
        "seconds": GuardRail(logged.seconds, 1, 0.1),
    }
    known = {
        guard: rail for guard, rail in guards.items() if not isinstance(rail.above, np.ndarray) or _any(rail.above)
    }
    began = _bounds(experiment)[0] if experiment.start else datetime.fromtimestamp(logged.times[0], UTC)
    return results_of(name, experiment, logged, known, _covariates(newsroom, events, logged, began))


def read_events(newsroom: Newsroom, config: Config, experiments: Mapping[str, ExperimentConfig]) -> pa.Table:
    """Return the events of a newsroom that some experiments are measured by: those of the archive and of the store.

    They are the events from DAYS_BEFORE before the first experiment begins until an event on the last page of the last
    experiment can still come; without a start or an end, there is no such bound. Raises as `EventStore` and
    `read_table` do.
    """
    first, last = _span(experiments.values())
    # An archive takes events of any age, so there the day of their receipt says nothing of when they happened.
    days = (date.min, date.max) if config.clock == "latest" else ((first - AHEAD).date(), (last + OLDEST).date())
    tables = [kept(read_table(path, EVENTS), first, last) for path in archived_days(newsroom, *days)]
    store, sequence = open_events(newsroom, config), 0
    try:
        while len(found := store.after(sequence)):
            sequence = found.column("sequence")[-1].as_py()
            tables.append(kept(found, first, last))
    finally:
        store.close()
    events = pa.concat_tables([kept(EVENTS.empty_table()), *tables])
    first_row = events.append_column("row", pa.array(np.arange(len(events))))
    first_row = first_row.group_by("event_id").aggregate([("row", "min")])  # it may be in the archive and in the store
    return events.take(first_row.column("row_min"))


def _span(experiments: Iterable[ExperimentConfig]) -> tuple[datetime, datetime]:
    """Return from when to when what readers did counts for some experiments; EVER and NEVER where nothing says it."""
    starts, ends = zip(*(_bounds(one) for one in experiments), strict=True)
    first, last = min(starts), max(ends)
    return first if first == EVER else first - timedelta(days=DAYS_BEFORE), last if last == NEVER else last + AFTER


def _bounds(experiment: ExperimentConfig) -> tuple[datetime, datetime]:
    """Return when an experiment begins and ends, UTC; a time before EVER is EVER, and a time after NEVER is NEVER."""
    start, end = time_of(experiment.start) or EVER, time_of(experiment.end) or NEVER
    # Some write 9999-12-31 for "no end": a day later there is no date.
    return min(max(start, EVER), NEVER).astimezone(UTC), max(min(end, NEVER), EVER).astimezone(UTC)


def during(events: pa.Table, experiment: ExperimentConfig) -> pa.Table:
    """Return the events without the pages that were shown before the experiment began, or after it ended."""
    is_within = _happened(events, *_bounds(experiment))
    return events.filter(pc.or_(is_within, pc.not_equal(events.column("kind"), "page")))


def kept(events: pa.Table, first: datetime = EVER, last: datetime = NEVER) -> pa.Table:
    """Return the rows and columns of a table of events that experiments are measured by, from `first` to before `last`.

    Both times are UTC.
    """
    is_wanted = pc.and_(pc.is_in(events.column("kind"), value_set=pa.array(KINDS)), _happened(events, first, last))
    return events.select(COLUMNS).filter(is_wanted)


def _happened(events: pa.Table, first: datetime, last: datetime) -> pa.ChunkedArray:
    time = events.column("time")
    return pc.and_(pc.greater_equal(time, _moment(events, first)), pc.less(time, _moment(events, last)))


def _any(values: Floats) -> bool:
    return bool((~np.isnan(values)).any())


def _diversity(newsroom: Newsroom, logged: Logged) -> Floats:
    """Return for each page the number of its categories, divided by that of its articles whose category is known."""
    news = read_table(newsroom.news, NEWS)
    row = pc.index_in(logged.shown.column("news_id"), value_set=news.column("news_id").combine_chunks())
    category = pc.take(news.column("category"), row)
    table = pa.table({"page": logged.shown.column("page"), "category": category})
    table = table.filter(pc.and_(pc.is_valid(category), pc.not_equal(category, "")))
    counted = table.group_by("page").aggregate([("category", "count"), ("category", "count_distinct")])
    found = np.full(logged.pages, np.nan)
    count = counted.column("category_count").to_numpy()
    found[counted.column("page").to_numpy()] = counted.column("category_count_distinct").to_numpy() / count
    return found


def _covariates(newsroom: Newsroom, events: pa.Table, logged: Logged, began: datetime) -> Floats:
    """Return what each reader did before the experiment: clicks, and clicks a page, NaN for a reader without pages."""
    readers = pa.array(logged.readers.tolist(), pa.string())
    before = in_force(events.filter(_happened(events, began - timedelta(days=DAYS_BEFORE), began)))
    clicks, pages = (
        _counts(before.filter(pc.equal(before.column("kind"), kind)), readers) for kind in ("click", "page")
    )
    stored = np.zeros(len(readers))
    if newsroom.clicks.is_file():
        table = read_table(newsroom.clicks, CLICKS)
        stored = _counts(table.filter(_happened(table, began - timedelta(days=DAYS_BEFORE), began)), readers)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(pages > 0, clicks / pages, np.nan)
    return np.stack([np.log1p(stored), np.log1p(clicks), rate], axis=1)


def _moment(table: pa.Table, time: datetime) -> pa.Scalar:
    return pa.scalar(time, table.schema.field("time").type)


def _counts(table: pa.Table, readers: pa.Array) -> Floats:
    """Return the number of rows of each reader."""
    number = pc.index_in(table.column("user_id"), value_set=readers).drop_null().to_numpy()
    return np.bincount(number, minlength=len(readers)).astype(np.float64)
