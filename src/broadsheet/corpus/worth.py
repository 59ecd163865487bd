"""What readers' acts add to the popularity of articles, by the settings, each from the time at which it was known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.config.acts import ActsConfig, ActsInHistory, ActsInPopularity
from broadsheet.corpus.catalogue import Catalogue
from broadsheet.tables.arrays import Floats, Rows
from broadsheet.tables.arrow_files import epoch_seconds

READING = ("click", "like", "comment", "share", "save")
"""Events that mean that the article was read; hiding an article is not reading it."""
AGAINST = ("hide", "dislike", "report")
"""Events after which a reader is not shown the article again."""
DEFAULT = ActsConfig()


@dataclass(frozen=True)
class Worth:
    """What acts add to their articles, oldest first; three arrays of one length."""

    rows: Rows
    "Catalogue row of the article."
    times: Floats
    "Epoch seconds from which it counts, UTC, never falling."
    weights: Floats
    "What is added; below 0 for what is taken away."
    settings: ActsConfig = DEFAULT
    "The settings that the weights come from."

    @property
    def half_life_hours(self) -> float:
        """The age at which an act counts one half, in hours."""
        return self.settings.popularity.half_life_hours

    def before(self, as_of: float, since: float = -np.inf) -> Worth:
        """Return what counts strictly before `as_of` and not before `since`, in epoch seconds; copies nothing."""
        start, stop = np.searchsorted(self.times, (since, as_of), side="left")
        return Worth(self.rows[start:stop], self.times[start:stop], self.weights[start:stop], self.settings)

    def sums(self, size: int) -> Floats:
        """Return the sum of each article (size,), whatever the age of an act."""
        return np.bincount(self.rows, self.weights, minlength=size).astype(np.float64)


def weighed(rows: Rows, kinds: Sequence[str], times: Floats, seconds: Floats, settings: ActsConfig) -> Worth:
    """Return what acts are worth that are given in any order; each array is (acts,).

    `seconds` are those of the reads, NaN where unknown. A read is long or short once it has ended: a click at 12:00
    that is read for 90 seconds counts as a click from 12:00 on, and as a long read from 12:01:30 on.
    """
    names, codes = np.unique(np.asarray(kinds, str), return_inverse=True)
    weights = np.array([getattr(settings.popularity, name) for name in names.tolist()], np.float64)[codes]
    read = np.isin(names, READING)[codes]
    more = np.where(read, weights * (read_factors(seconds, settings, settings.popularity) - 1), 0.0)
    counts, ended = np.flatnonzero(weights), np.flatnonzero(more)
    found = Worth(
        np.concatenate([rows[counts], rows[ended]]),
        np.concatenate([times[counts], times[ended] + seconds[ended]]),
        np.concatenate([weights[counts], more[ended]]),
        settings,
    )
    return in_order(found)


def read_factors(seconds: Floats, settings: ActsConfig, where: ActsInPopularity | ActsInHistory) -> Floats:
    """Return how many times a read of each length counts (reads,): 1 where the length is unknown, NaN."""
    factors = np.ones(len(seconds))
    factors[seconds >= settings.long_read_seconds] = where.long_read
    factors[seconds < settings.short_read_seconds] = where.short_read
    return factors


def in_order(worth: Worth) -> Worth:
    """Return the same in order of time; what has the same time keeps its order."""
    order = np.argsort(worth.times, kind="stable")
    return replace(worth, rows=worth.rows[order], times=worth.times[order], weights=worth.weights[order])


def joined(first: Worth, second: Worth) -> Worth:
    """Return both together, by the settings of the first."""
    parts = [
        np.concatenate([one, other])
        for one, other in ((getattr(first, name), getattr(second, name)) for name in ("rows", "times", "weights"))
    ]
    return in_order(Worth(parts[0], parts[1], parts[2], first.settings))


def read_worth(clicks: pa.Table, catalogue: Catalogue, settings: ActsConfig) -> Worth | None:
    """Return what the acts of a clicks table are worth; None by the default settings, where each read counts 1.

    Acts on articles that are not in the catalogue, and events that the settings do not know, are left out.
    """
    if settings.popularity == DEFAULT.popularity:
        return None
    rows = catalogue.newest_rows(clicks.column("news_id"))
    known = pc.is_in(clicks.column("event"), value_set=pa.array((*READING, *AGAINST)))
    kept = pc.and_(known, pc.is_valid(rows))
    clicks = clicks.filter(kept)
    return weighed(
        np.asarray(rows.filter(kept), np.int64),
        clicks.column("event").to_pylist(),
        epoch_seconds(clicks.column("time")),
        np.asarray(pc.fill_null(clicks.column("dwell_seconds"), np.nan), np.float64),
        settings,
    )


def one_each(rows: npt.NDArray[np.int64], times: npt.NDArray[np.float64]) -> Worth:
    """Return the worth of clicks in order of time that count 1 each."""
    return Worth(rows, times, np.broadcast_to(1.0, len(rows)))
