"""The metrics of ranked lists: how many clicks they find, in all and in slices, coverage, Gini index and novelty."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import numpy as np

from broadsheet.corpus.impressions import Impression, Split
from broadsheet.evaluation.retrieval.lists import Lists, Pool, whole_catalogue
from broadsheet.evaluation.settings import Setting
from broadsheet.metrics.retrieval import coverage, exposure, find_relevant, gini, novelty, self_information
from broadsheet.offline.replay import ClicksBefore, Values, mean_of
from broadsheet.tables.arrays import Flags, Floats, Integers
from broadsheet.workbench.data import EditionData

DEPTHS = (10, 20, 50, 100, 200, 500, 1000)
"""The k of recall and nDCG."""
BEYOND = (10, 100)
"""The k of coverage, Gini index and novelty."""
SLICED = 100
"""The k of recall in slices."""
CATEGORIES = 8
"""Categories that get a slice: those most clicked."""


@dataclass(frozen=True)
class Measured:
    """The metrics of one row, by request where they have a value for each."""

    values: Values
    slices: Values
    "Recall at SLICED over a part of what is relevant, NaN where a request has none of it."
    whole: dict[str, float]
    "Of all lists together: coverage and Gini index."


@dataclass(frozen=True)
class Targets:
    """The clicked articles with which the lists of a setting are compared."""

    owners: Integers
    "The request of each relevant article, by its place in the setting. (relevant,)"
    rows: Integers
    "The relevant article. (relevant,)"
    reachable: Flags
    "Whether it is in the request's pool. (relevant,)"
    slices: Mapping[str, Flags]
    "Parts of the relevant articles. (relevant,)"
    members: Flags
    "Articles that are in the pool of any request. (articles,)"
    moments: Sequence[tuple[slice, datetime]]
    "Requests of one time, and the time."
    clicks_before: ClicksBefore
    "Counted anew for each time: kept for all of them, the counts would be times x articles."


def make_targets(data: EditionData, setting: Setting, pool: Pool | None, categories: Sequence[str]) -> Targets:
    """Return what is to be found in a setting, in a pool or in the whole catalogue."""
    pool = pool or whole_catalogue(data)
    requests = setting.impressions
    relevant = [data.catalogue.rows(one.relevant) for one in requests]
    owners = np.repeat(np.arange(len(requests)), [len(rows) for rows in relevant])
    rows = np.array([row for part in relevant for row in part], np.int64)
    clicks_before = ClicksBefore(setting.clicks, len(data.catalogue))
    reachable, cold = np.zeros(len(rows), np.bool_), np.zeros(len(rows), np.bool_)
    members = np.zeros(len(data.catalogue), np.bool_)
    for time, part in moments(requests):
        mine = (owners >= part.start) & (owners < part.stop)
        live, clicks = pool(time), clicks_before(time)
        reachable[mine], cold[mine] = live[rows[mine]], clicks[rows[mine]] == 0
        members |= live
    slices = _slices(data, requests, owners, rows, cold, categories)
    times = [(part, time) for time, part in moments(requests)]
    return Targets(owners, rows, reachable, slices, members, times, clicks_before)


def top_categories(data: EditionData, split: Split) -> list[str]:
    """Return the categories with most relevant articles in a split, the largest first."""
    catalogue = data.catalogue
    clicked = [catalogue.rows(one.relevant) for one in split.impressions]
    counts = Counter(catalogue.category[row] for rows in clicked for row in rows if catalogue.category[row])
    return [name for name, _ in counts.most_common(CATEGORIES)]


def reader_slices(requests: Sequence[Impression]) -> dict[str, Flags]:
    """Return which requests (requests,) are of readers of no, few or many articles with text, before the request."""
    read = np.array([len(one.history_rows) for one in requests], np.int64)
    return {
        "readers of no article": read == 0,
        "readers of 1 to 4 articles": (read > 0) & (read < 5),
        "readers of 5 or more": read >= 5,
    }


def measure(lists: Lists, targets: Targets) -> Measured:
    """Return the metrics of one row's lists."""
    found = find_relevant(lists, targets.owners, targets.rows)
    values = {f"recall@{k}": found.recall_at(k) for k in DEPTHS} | {f"ndcg@{k}": found.ndcg_at(k) for k in DEPTHS}
    values["mrr"] = found.reciprocal_rank()
    near = found.only(targets.reachable)
    values |= {f"reachable recall@{k}": near.recall_at(k) for k in DEPTHS}
    values |= _novelties(lists, targets)
    whole: dict[str, float] = {}
    for k in BEYOND:
        shown = exposure(lists, k, len(targets.members))[targets.members]
        whole |= {f"coverage@{k}": coverage(shown), f"gini@{k}": gini(shown)}
    slices = {name: found.only(part).recall_at(SLICED) for name, part in targets.slices.items()}
    return Measured(values, slices, whole)


def _novelties(lists: Lists, targets: Targets) -> Values:
    parts: dict[str, list[Floats]] = {f"novelty@{k}": [np.zeros(0)] for k in BEYOND}
    for part, time in targets.moments:
        bits = self_information(targets.clicks_before(time))
        for k in BEYOND:
            parts[f"novelty@{k}"].append(novelty(lists[part], k, bits))
    return {name: np.concatenate(values) for name, values in parts.items()}


def spread_out(measured: Measured, places: Integers, size: int) -> Measured:
    """Return the same with its requests at their places among `size`, NaN elsewhere."""

    def spread(values: Values) -> Values:
        result = {name: np.full(size, np.nan) for name in values}
        for name, value in values.items():
            result[name][places] = value
        return result

    return Measured(spread(measured.values), spread(measured.slices), measured.whole)


def mean_measured(runs: Sequence[Measured]) -> Measured:
    """Return the mean over runs, request by request."""
    return Measured(
        mean_of([run.values for run in runs]),
        mean_of([run.slices for run in runs]),
        {name: float(np.mean([run.whole[name] for run in runs])) for name in runs[0].whole},
    )


def moments(requests: Sequence[Impression]) -> Iterator[tuple[datetime, slice]]:
    """Yield each time with the stretch of successive requests that bear it."""
    start = 0
    for time, group in groupby(requests, key=lambda one: one.time):
        stop = start + sum(1 for _ in group)
        yield time, slice(start, stop)
        start = stop


def _slices(
    data: EditionData,
    requests: Sequence[Impression],
    owners: Integers,
    rows: Integers,
    cold: Flags,
    categories: Sequence[str],
) -> dict[str, Flags]:
    slices = {name: readers[owners] for name, readers in reader_slices(requests).items()}
    slices |= {
        "articles not clicked before": cold,
        "articles clicked before": ~cold,
    }
    return slices | {f"category {name}": data.catalogue.category[rows] == name for name in categories}
