"""Simulated experiments: readers who come often or seldom, click much or little, and come back to the same arm."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from broadsheet.experiments.statistics.ratios import Rate, rate_of_sums
from broadsheet.tables.arrays import Floats, Rows

DAYS, HOURS = 14, 14 * 24
RATE = 0.3
"""Clicks a page of the mean reader."""
ASSUMED = (
    "Each reader has a number of pages (gamma, shape 0.5: many come seldom, a few several times a day) and a taste "
    f"(beta, mean {RATE}, standard deviation about 0.2); pages are spread over {DAYS} days with a quiet night, and "
    "each is clicked with the probability that is the reader's taste. Readers enter by their first page. What each "
    "reader clicked in as many pages before is the covariate of CUPED."
)


class Simulated(NamedTuple):
    """The pages of one simulated experiment, by time."""

    reader: Rows
    "Number of each page's reader."
    hour: Floats
    clicked: Floats
    "1 or 0 for each page."
    arms: Rows
    "0 or 1 for each reader."
    before: Floats
    "Clicks a page of each reader before the experiment, NaN for readers without pages."


def simulate(readers: int, rng: np.random.Generator, lift: float = 0.0, pages: float = 8.0) -> Simulated:
    """Return an experiment of readers with `pages` pages on average, where the second arm's tastes are lifted."""
    often, taste = rng.gamma(0.5, 2.0, readers) * pages, rng.beta(1.3, 1.3 * (1 / RATE - 1), readers)
    counts, arms = rng.poisson(often), rng.integers(0, 2, readers)
    earlier = rng.poisson(often)
    with np.errstate(invalid="ignore", divide="ignore"):
        before = rng.binomial(earlier, taste) / earlier
    reader = np.repeat(np.arange(readers), counts)
    day, of_day = rng.integers(0, DAYS, len(reader)), 24 * rng.beta(2.5, 1.5, len(reader))
    hour = 24 * day + of_day
    chance = np.minimum(1.0, taste[reader] * (1 + lift * arms[reader]))
    order = np.argsort(hour)
    clicked = (rng.random(len(reader)) < chance).astype(np.float64)
    return Simulated(reader[order], hour[order], clicked[order], arms, before)


def rates_by_hour(found: Simulated) -> tuple[Rate, Floats, Floats]:
    """Return the rate of each arm at the end of each hour (hours, 2), with the readers and clicks until then."""
    y, x = _until(found.reader, found.clicked), _until(found.reader, np.ones(len(found.reader)))
    c = found.clicked
    # What the page adds to the sums over readers of 1, clicks, pages, clicks², clicks * pages and pages².
    added = np.stack([x == 0, c, np.ones_like(c), 2 * c * y + c * c, y + c * x + c, 2 * x + 1])
    ends = np.searchsorted(found.hour, np.arange(1, HOURS + 1))
    theirs = found.arms[found.reader]
    sums = np.stack([np.cumsum(added * (theirs == arm), axis=1) for arm in (0, 1)], axis=-1)
    at = np.concatenate([np.zeros((len(sums), 1, 2)), sums], axis=1)[:, ends]
    return rate_of_sums(at[0], at[1], at[2], (at[3], at[4], at[5])), at[0], at[1]


def _until(reader: Rows, values: Floats) -> Floats:
    """Return for each page the sum of the values of its reader's earlier pages."""
    order = np.argsort(reader, kind="stable")
    total = np.cumsum(values[order]) - values[order]
    first = np.searchsorted(reader[order], reader[order])
    found = np.empty(len(values))
    found[order] = total - total[first]
    return found
