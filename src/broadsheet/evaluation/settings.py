"""The two settings of a benchmark: which clicks of other readers, and which articles, a request may know.

A table shows one setting only. *Content-only*: no click and no shown list of the measured split is known. *Live*: half
of the split's readers, drawn by a seed, lend their clicks and shown lists, as counters and co-clicks of the day. The
other half is measured, and their own clicks of the split are unknown. In both settings a request knows only what
happened strictly before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.corpus.click_log import READING, ClickLog, make_click_log
from broadsheet.corpus.exposures import Exposures, exposures_of, join_exposures
from broadsheet.corpus.impressions import Impression, Split
from broadsheet.corpus.worth import DEFAULT, joined, read_worth, weighed
from broadsheet.tables.arrays import Flags, Integers
from broadsheet.tables.arrow_files import empty, epoch_seconds, read_table
from broadsheet.tables.schemas import CLICKS, IMPRESSIONS
from broadsheet.workbench.data import EditionData

_Event = tuple[str, int, float]
"""Reader, article row, epoch seconds."""

HOUR = 3600.0


@dataclass(frozen=True)
class Setting:
    """Requests to measure, and what other readers did before them."""

    impressions: list[Impression]
    "The measured impressions, each with a click to find; their times are the times of the requests."
    clicks: ClickLog
    "Clicks of all readers; a request knows those strictly before its time."
    exposures: Exposures
    "Showings of all readers; a request knows those strictly before its time."


def content_only(data: EditionData, split: Split) -> Setting:
    """Return the setting in which nothing of the split itself is known, not even what lies before a request."""
    log = _weighed(make_log(_logged(data, split)), data, split, [])
    return Setting([one for one in split.impressions if one.relevant], log, _seen_elsewhere(data, split))


def live(data: EditionData, split: Split, seed: int) -> Setting:
    """Return the setting in which half of the split's readers, drawn by `seed`, lend what they did in it.

    In an archive without true times, where all impressions bear one, the requests count as a second later, so that the
    whole of what was lent is known: clicks that in truth came later than a request included.
    """
    readers = sorted({one.user_id for one in split.impressions})
    lenders = set(np.random.default_rng(seed).permutation(np.array(readers))[: len(readers) // 2].tolist())
    lent = [one for one in split.impressions if one.user_id in lenders]
    delay = timedelta(seconds=1 if one_time(split) else 0)
    scored = [replace(one, time=one.time + delay) for one in split.impressions if one.user_id not in lenders]
    return Setting(
        [one for one in scored if one.relevant],
        _weighed(make_log([*_logged(data, split), *_clicks_of(data, lent)]), data, split, lent),
        join_exposures([_seen_elsewhere(data, split), _shown_in(data, split, lent)]),
    )


def _shown_in(data: EditionData, split: Split, impressions: Sequence[Impression]) -> Exposures:
    """Return the articles that these impressions showed, as Exposures."""
    table = read_table(data.newsroom.impressions(split.name), IMPRESSIONS)
    numbers = pa.array([one.number for one in impressions], pa.int64())
    return exposures_of(table.take(numbers), data.catalogue)


def one_time(split: Split) -> bool:
    """Return whether all impressions have the same time, as in data sets that do not tell the true times."""
    return len({one.time for one in split.impressions}) == 1


def live_pool(data: EditionData, exposures: Exposures, time: datetime, hours: float) -> Flags:
    """Return which articles are live as of a request: published, else shown to anyone, in `hours` hours before.

    Showings count only for articles without a publication time. Shape (articles,).
    """
    end = time.timestamp()
    published = data.catalogue.published_at
    within = (exposures.times >= end - hours * HOUR) & (exposures.times < end)
    shown = np.zeros(len(published), np.bool_)
    shown[exposures.rows[within]] = True
    with np.errstate(invalid="ignore"):
        fresh = (published >= end - hours * HOUR) & (published <= end)
    return np.where(np.isnan(published), shown, fresh)


def make_log(events: Sequence[_Event]) -> ClickLog:
    """Return the log of single events."""
    numbers = {user_id: number for number, user_id in enumerate(dict.fromkeys(user for user, _, _ in events))}
    return make_click_log(
        np.array([numbers[user] for user, _, _ in events], np.int64),
        np.array([row for _, row, _ in events], np.int64),
        np.array([time for _, _, time in events], np.float64),
    )


def _clicks_of(data: EditionData, impressions: Sequence[Impression]) -> Iterator[_Event]:
    for one in impressions:
        for news_id, hit in zip(one.shown, one.clicked, strict=True):
            if hit:
                yield one.user_id, data.catalogue.row_of[news_id], one.time.timestamp()


def _logged(data: EditionData, split: Split) -> list[_Event]:
    """Return the clicks of the log without those of the split, which an import of its impressions put there."""
    path = data.edition.clicks
    clicks = read_table(path, CLICKS) if path.is_file() else empty(CLICKS)
    clicks = clicks.filter(pc.is_in(clicks.column("event"), value_set=pa.array(READING)))
    own = set(_clicks_of(data, split.impressions))
    rows = _rows(data, clicks.column("news_id"))
    events = zip(clicks.column("user_id").to_pylist(), rows.tolist(), epoch_seconds(clicks.column("time")), strict=True)
    return [(user, row, float(time)) for user, row, time in events if row >= 0 and (user, row, time) not in own]


def _weighed(log: ClickLog, data: EditionData, split: Split, lent: Sequence[Impression]) -> ClickLog:
    """Return a log of the clicks of `_logged` and of lent impressions, with what acts are worth by the settings."""
    if data.acts.popularity == DEFAULT.popularity:
        return log
    path = data.edition.clicks
    clicks = read_table(path, CLICKS) if path.is_file() else empty(CLICKS)
    own, rows = set(_clicks_of(data, split.impressions)), _rows(data, clicks.column("news_id")).tolist()
    keys = zip(clicks.column("user_id").to_pylist(), rows, epoch_seconds(clicks.column("time")).tolist(), strict=True)
    worth = read_worth(clicks.filter(pa.array([key not in own for key in keys], pa.bool_())), data.catalogue, data.acts)
    added = make_log([*_clicks_of(data, lent)])
    unknown = np.full(len(added), np.nan)
    of_lent = weighed(added.rows, ["click"] * len(added), added.times, unknown, data.acts)
    return replace(log, worth=of_lent if worth is None else joined(worth, of_lent))


def _seen_elsewhere(data: EditionData, split: Split) -> Exposures:
    """Return what the impressions of the other splits showed, without those that are in this split too."""
    own = {(one.user_id, one.time) for one in split.impressions}
    parts = []
    for path in other_splits(data, split.name):
        table = read_table(path, IMPRESSIONS)
        keys = zip(table.column("user_id").to_pylist(), table.column("time").to_pylist(), strict=True)
        parts.append(exposures_of(table.filter(pa.array([key not in own for key in keys], pa.bool_())), data.catalogue))
    return join_exposures(parts)


def other_splits(data: EditionData, name: str) -> list[Path]:
    """Return the impressions' files of the newsroom's other splits, by name."""
    own = data.newsroom.impressions(name)
    return [path for path in data.newsroom.all_impressions() if path != own]


def _rows(data: EditionData, news_ids: pa.ChunkedArray) -> Integers:
    """Return the catalogue rows of ids, -1 for those without text."""
    found = pc.index_in(news_ids, value_set=data.catalogue.news.column("news_id").combine_chunks())
    return np.asarray(pc.fill_null(found, -1).to_numpy(), np.int64)
