"""An experiment measured: from the events of a newsroom, its articles and its earlier clicks to what was found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.config.experiments import ExperimentConfig, time_of
from broadsheet.config.settings import Config
from broadsheet.errors import InputError
from broadsheet.experiments.logged import COLUMNS, KINDS, Logged, read_logged
from broadsheet.experiments.results import GuardRail, results_of
from broadsheet.experiments.votes import votes_of
from broadsheet.live.events.store import open_events
from broadsheet.newsroom import Newsroom
from broadsheet.tables.arrays import Floats
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.event_schemas import EVENTS
from broadsheet.tables.schemas import CLICKS, NEWS

DAYS_BEFORE = 28
"""Days before an experiment whose clicks say how much a reader clicks."""
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
    if experiment.kind == "interleaving":
        return votes_of(name, experiment, events)
    logged = read_logged(events, name, tuple(experiment.arms))
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
    began = time_of(experiment.start) or datetime.fromtimestamp(logged.times[0], UTC)
    return results_of(name, experiment, logged, known, _covariates(newsroom, events, logged, began))


def read_events(newsroom: Newsroom, config: Config) -> pa.Table:
    """Return the events of a newsroom that experiments are measured by: those of the archive and of the store.

    Raises as `EventStore` and `read_table` do.
    """
    tables = [kept(read_table(path, EVENTS)) for path in sorted(newsroom.events.glob("*.arrow"))]
    store, sequence = open_events(newsroom, config), 0
    try:
        while len(found := store.after(sequence)):
            sequence = found.column("sequence")[-1].as_py()
            tables.append(kept(found))
    finally:
        store.close()
    events = pa.concat_tables([kept(EVENTS.empty_table()), *tables])
    first = events.append_column("row", pa.array(range(len(events)), pa.int64()))
    first = first.group_by("event_id").aggregate([("row", "min")])  # an event may be in the archive and in the store
    return events.take(first.column("row_min"))


def kept(events: pa.Table) -> pa.Table:
    """Return the rows and columns of a table of events that experiments are measured by."""
    return events.select(COLUMNS).filter(pc.is_in(events.column("kind"), value_set=pa.array(KINDS)))


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
    before = events.filter(pc.less(events.column("time"), _moment(events, began)))
    clicks, pages = (
        _counts(before.filter(pc.equal(before.column("kind"), kind)), readers) for kind in ("click", "page")
    )
    stored = np.zeros(len(readers))
    if newsroom.clicks.is_file():
        table = read_table(newsroom.clicks, CLICKS)
        since = pc.greater_equal(table.column("time"), _moment(table, began - timedelta(days=DAYS_BEFORE)))
        stored = _counts(table.filter(pc.and_(since, pc.less(table.column("time"), _moment(table, began)))), readers)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(pages > 0, clicks / pages, np.nan)
    return np.stack([np.log1p(stored), np.log1p(clicks), rate], axis=1)


def _moment(table: pa.Table, time: datetime) -> pa.Scalar:
    return pa.scalar(time, table.schema.field("time").type)


def _counts(table: pa.Table, readers: pa.Array) -> Floats:
    """Return the number of rows of each reader."""
    number = pc.index_in(table.column("user_id"), value_set=readers).drop_null().to_numpy()
    return np.bincount(number, minlength=len(readers)).astype(np.float64)
