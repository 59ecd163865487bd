"""The world of a simulation: the truth of a newsroom's articles, its readers, and when it begins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np

from broadsheet.corpus.click_log import ClickLog
from broadsheet.errors import CorpusError
from broadsheet.evaluation.simulation.behaviour import Behaviour
from broadsheet.evaluation.simulation.readers import Readers, make_readers
from broadsheet.evaluation.simulation.truth import Truth, make_truth
from broadsheet.tables.arrays import Floats
from broadsheet.workbench.data import EditionData

LEAST_READ, MOST_READ = 5, 20
"""Articles that a real reader read before the simulation, at least, and how many of the newest count."""
DAY = 86400.0


class World(NamedTuple):
    """What is true in a simulation, whatever the newsroom does."""

    behaviour: Behaviour
    truth: Truth
    readers: Readers
    start: float
    "When it begins, epoch seconds: midnight UTC."
    seed: int
    real: int
    "How many of the readers have the history of a real reader."


def make_world(data: EditionData, readers: int, days: int, seed: int, behaviour: Behaviour | None = None) -> World:
    """Return the world of a simulation of the last `days` days of a newsroom's articles.

    The first readers have the histories of real readers of the newsroom's clicks before these days, as far as there are
    readers with LEAST_READ articles. Raises CorpusError if no article was published before or in these days.
    """
    times = published_times(data.catalogue.published_at, seed)
    start = first_day(times, days)
    truth = make_truth(data.catalogue.news, times, seed)
    known = _known(data.clicks.before(start), readers, seed)
    people = make_readers(truth, start, readers, seed, known)
    return World(behaviour or Behaviour(), truth, people, start, seed, len(known))


def published_times(published_at: Floats, seed: int) -> Floats:
    """Return the times at which articles are published in a simulation, epoch seconds (articles,).

    Where all known times are midnights, each article gets a time of its day by chance. An article without a time is
    never published: its time is infinite.
    """
    known = ~np.isnan(published_at)
    times = np.where(known, published_at, np.inf)
    if (published_at[known] % DAY == 0).all():
        times = times + np.floor(np.random.default_rng([seed, 5]).random(len(times)) * DAY)
    return times


def first_day(times: Floats, days: int) -> float:
    """Return the midnight at which the last `days` days with articles begin; the day of the last article is the last.

    Raises CorpusError if no article was published before these days, or none in them.
    """
    known = times[np.isfinite(times)]
    last = known.max(initial=-np.inf)
    start = (last // DAY + 1 - days) * DAY
    if not (known < start).any():
        count = len(known)
        raise CorpusError(
            f"simulation: found {count:,} articles with a publication time, none of them before the last {days} days; "
            "readers need articles that they read before. Simulate fewer days, or import earlier articles."
        )
    return float(start)


def day_of(world: World, day: int) -> datetime:
    """Return the midnight, UTC, at which a day begins; 0 is the first."""
    return datetime.fromtimestamp(world.start, UTC) + timedelta(days=day)


def _known(clicks: ClickLog, most: int, seed: int) -> list[list[int]]:
    """Return the newest articles of some real readers, oldest first, drawn by chance."""
    order = np.argsort(clicks.users, kind="stable")
    _, starts, counts = np.unique(clicks.users[order], return_index=True, return_counts=True)
    enough = np.flatnonzero(counts >= LEAST_READ)
    drawn = np.random.default_rng([seed, 6]).permutation(enough)[:most]
    rows = clicks.rows[order]
    ends = [(int(starts[one] + counts[one]), min(int(counts[one]), MOST_READ)) for one in drawn]
    return [list(dict.fromkeys(rows[end - count : end].tolist())) for end, count in ends]
