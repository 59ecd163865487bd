"""What was shown to whom, and clicked there, in order of time: what a click rate is counted from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.tables.arrays import Flags, Floats, Integers, Rows
from broadsheet.tables.arrow_files import epoch_seconds, read_table
from broadsheet.tables.schemas import IMPRESSIONS

HOUR = 3600.0
HALF_LIFE_HOURS = 24.0
"""A showing counts half after this time: an older showing tells less of how the article does now."""
WINDOW_HOURS = 168.0
"""Showings that are older than this weigh less than a hundredth and are not counted."""
PRIOR_SHOWINGS = 20.0
"""Showings at the average click rate that are added to each article; 5 to 50 do equally well on MIND."""
MOST_WEIGHT = 20.0
"""Most weight of a showing, that of a probability of 1 in 20: a few rare showings must not decide (Ionides 2008)."""
UNKNOWN = -1


@dataclass(frozen=True)
class Exposures:
    """Showings, oldest first; six arrays of one length."""

    rows: Integers
    "Catalogue row of the article."
    times: Floats
    "Epoch seconds, UTC, never falling."
    clicked: npt.NDArray[np.int8]
    "1 if the showing was clicked, 0 if not, UNKNOWN in an impression without labels."
    weights: Floats
    "1 / the propensity of the showing, 1 to MOST_WEIGHT; NaN where it was not logged."
    users: Integers
    "The reader's place in `readers`; UNKNOWN where the reader is not known."
    slots: Integers
    "The slot on the page, 1 the top; UNKNOWN where the list is not known to have the order of a page."
    readers: tuple[str, ...] = ()
    "The ids of the readers."

    def part(self, which: slice | Flags | Rows) -> Exposures:
        """Return some of the showings, in their order; a slice copies nothing."""
        rows, times, clicked = self.rows[which], self.times[which], self.clicked[which]
        weights, users, slots = self.weights[which], self.users[which], self.slots[which]
        return Exposures(rows, times, clicked, weights, users, slots, self.readers)

    def before(self, as_of: float, since: float = -np.inf) -> Exposures:
        """Return the showings strictly before `as_of` and not before `since`, in epoch seconds; copies nothing."""
        start, stop = np.searchsorted(self.times, (since, as_of), side="left")
        return self.part(slice(start, stop))


def make_exposures(
    rows: Integers,
    times: Floats,
    clicked: npt.NDArray[np.int8],
    weights: Floats | None = None,
    users: Integers | None = None,
    readers: Sequence[str] = (),
    slots: Integers | None = None,
) -> Exposures:
    """Return showings in any order as exposures.

    Without weights no propensity was logged; without users no reader is known, and without slots no slot.
    """
    weights = np.full(len(rows), np.nan) if weights is None else weights
    users = np.full(len(rows), UNKNOWN) if users is None else users
    slots = np.full(len(rows), UNKNOWN) if slots is None else slots
    order = np.argsort(times, kind="stable")
    return Exposures(rows, times, clicked, weights, users, slots, tuple(readers)).part(order)


def no_exposures() -> Exposures:
    """Return empty exposures."""
    return make_exposures(np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.int8))


def join_exposures(parts: Sequence[Exposures]) -> Exposures:
    """Return the showings of all parts."""
    parts = [no_exposures(), *parts]
    readers = dict.fromkeys(reader for part in parts for reader in part.readers)
    number = {reader: place for place, reader in enumerate(readers)}
    # The last entry stands for UNKNOWN, which is -1.
    places = [np.array([*(number[one] for one in part.readers), UNKNOWN], np.int64) for part in parts]
    return make_exposures(
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.times for part in parts]),
        np.concatenate([part.clicked for part in parts]),
        np.concatenate([part.weights for part in parts]),
        np.concatenate([of_part[part.users] for of_part, part in zip(places, parts, strict=True)]),
        [*readers],
        np.concatenate([part.slots for part in parts]),
    )


def exposures_of(impressions: pa.Table, catalogue: Catalogue) -> Exposures:
    """Return the showings of a table of impressions; showings of articles that the catalogue lacks are left out.

    A list with logged propensities has the order of its page, unless it has only what came in sight there; of any other
    list the slots are unknown.
    """
    shown = impressions.column("shown")
    rows = np.asarray(pc.fill_null(catalogue.newest_rows(pc.list_flatten(shown)), -1).to_numpy(), np.int64)
    lengths = np.asarray(pc.list_value_length(shown).to_numpy(), np.int64)
    labels = np.asarray(pc.list_value_length(impressions.column("clicked")).to_numpy(), np.int64)
    clicked = np.full(len(rows), UNKNOWN, np.int8)
    flags = pc.list_flatten(impressions.column("clicked")).to_numpy(zero_copy_only=False)
    clicked[np.repeat(labels == lengths, lengths)] = flags.astype(np.int8)[np.repeat(labels == lengths, labels)]
    times = np.repeat(epoch_seconds(impressions.column("time")), lengths)
    known = rows >= 0
    weights = _weights(impressions.column("propensity"), lengths)
    slots = _slots(impressions.column("propensity"), impressions.column("in_sight"), lengths)
    ids = impressions.column("user_id").combine_chunks().dictionary_encode()
    users = np.repeat(np.asarray(ids.indices, np.int64), lengths)
    readers = ids.dictionary.to_pylist()
    return make_exposures(
        rows[known], times[known], clicked[known], weights[known], users[known], readers, slots[known]
    )


def _weights(propensity: pa.ChunkedArray, lengths: Integers) -> Floats:
    """Return inverse propensities, clipped; NaN where a list, or one value in it, is null."""
    weights = np.full(int(lengths.sum()), np.nan)
    logged = np.repeat(np.asarray(propensity.is_valid()), lengths)
    weights[logged] = 1 / np.clip(pc.list_flatten(propensity).to_numpy().astype(np.float64), 1 / MOST_WEIGHT, 1)
    return weights


def _slots(propensity: pa.ChunkedArray, in_sight: pa.ChunkedArray, lengths: Integers) -> Integers:
    """Return the place in its list of each showing of a whole page with propensities, 1 the first; else UNKNOWN."""
    begins = np.cumsum(lengths) - lengths
    places = np.arange(1, int(lengths.sum()) + 1) - np.repeat(begins, lengths)
    is_page = np.asarray(pc.and_(propensity.is_valid(), pc.invert(pc.fill_null(in_sight, False))))
    return np.where(np.repeat(is_page, lengths), places, UNKNOWN)


def read_exposures(paths: Sequence[Path], catalogue: Catalogue, since: float = -np.inf) -> Exposures:
    """Return the showings of the impressions in several files, of those not before `since` in epoch seconds."""
    parts = []
    for path in paths:
        table = read_table(path, IMPRESSIONS)
        table = table.select(["user_id", "time", "shown", "clicked", "propensity", "in_sight"])
        parts.append(exposures_of(table.filter(pa.array(epoch_seconds(table.column("time")) >= since)), catalogue))
    return join_exposures(parts)


def click_rates(exposures: Exposures, as_of: float, size: int) -> Floats:
    """Return how far each article's click rate is above the average as of a moment, as a natural logarithm (size,).

    0 is the average, 0.7 twice it. Clicks and showings strictly before `as_of` (epoch seconds) count, with a half-life
    of HALF_LIFE_HOURS; an article has PRIOR_SHOWINGS at the average rate beside its own, so that one which was never
    shown has 0. All NaN where there is no click to go by. Showings of logged propensity weigh by its inverse over the
    mean of these inverses, all others 1: an article that was shown to its likely readers alone has the rate that it
    would have with all of them (self-normalised inverse propensity scoring, Swaminathan and Joachims 2015).
    """
    past = exposures.before(as_of, as_of - WINDOW_HOURS * HOUR)
    known = past.clicked != UNKNOWN
    rows, times, hits = past.rows[known], past.times[known], past.clicked[known]
    weight = 0.5 ** ((as_of - times) / (HALF_LIFE_HOURS * HOUR)) * _normalised(past.weights[known])
    shown, clicks = (np.bincount(rows, values, minlength=size) for values in (weight, weight * hits))
    return rates_of(shown.astype(np.float64), clicks.astype(np.float64))


def rates_of(shown: Floats, clicks: Floats) -> Floats:
    """Return the smoothed click rates of `click_rates` from each article's weighted showings and clicks (articles,)."""
    if not clicks.any():
        return np.full(len(clicks), np.nan)
    average = clicks.sum() / shown.sum()
    rates: Floats = np.log((clicks + PRIOR_SHOWINGS * average) / (shown + PRIOR_SHOWINGS) / average)
    return rates


def _normalised(weights: Floats) -> Floats:
    logged = np.isfinite(weights)
    if not logged.any():
        return np.ones(len(weights))
    result: Floats = np.where(logged, weights / weights[logged].mean(), 1.0)
    return result
