"""The counts of clicks and showings from which the pipeline's signals of all readers are made, hour by hour."""

from __future__ import annotations

import numpy as np

from broadsheet.corpus.exposures import rates_of
from broadsheet.rerank.exploration.click_rates import HALF_LIFE_HOURS, ClickRates
from broadsheet.retrieval.sources.popularity_freshness import (
    EARLIER_HOURS,
    RECENT_HOURS,
    popularity_of,
    trends_of,
)
from broadsheet.tables.arrays import Flags, Floats, Integers, Rows

KEPT = int(RECENT_HOURS + EARLIER_HOURS)
"""Hours whose clicks are kept apart."""


class Counters:
    """Counts of each article as of the last hour that was added.

    A showing counts if the reader looked at the slot, as where a site logs what came in sight.
    """

    def __init__(self, categories: Integers, half_life_hours: float) -> None:
        """`categories` holds a number from 0 for each article (articles,); the half-life is that of popularity."""
        self._kept = 0.5 ** (1 / half_life_hours)
        self._categories, size = categories, len(categories)
        self._decayed, self._hours = np.zeros(size), np.zeros((KEPT, size))
        self._shown, self._clicked = np.zeros(size), np.zeros(size)

    def add_hour(self, looked: Rows, clicked: Rows) -> None:
        """Let an hour pass: the articles that were looked at in it, and those clicked, each as often as it was."""
        size = len(self._categories)
        shown, clicks = (np.bincount(rows, minlength=size).astype(np.float64) for rows in (looked, clicked))
        self._decayed = (self._decayed + clicks) * self._kept
        self._shown, self._clicked = (
            (counts + new) * 0.5 ** (1 / HALF_LIFE_HOURS)
            for counts, new in ((self._shown, shown), (self._clicked, clicks))
        )
        self._hours = np.concatenate([self._hours[1:], clicks[None]])

    def popularity(self, hidden: Flags) -> Floats:
        """Return the signal `popularity` (articles,); `hidden` are the articles that are not to be shown."""
        return popularity_of(self._decayed, self._categories, hidden, np.zeros(len(hidden), np.bool_))

    def trends(self) -> Floats:
        """Return the signal `trend` (articles,)."""
        recent, earlier = self._hours[-int(RECENT_HOURS) :].sum(axis=0), self._hours[: -int(RECENT_HOURS)].sum(axis=0)
        return trends_of(recent, earlier, np.zeros(len(recent), np.bool_))

    def click_rates(self) -> Floats:
        """Return the signal `click_rate` (articles,)."""
        return rates_of(self._shown, self._clicked)

    def posteriors(self) -> ClickRates:
        """Return the click rates of Thompson sampling."""
        return ClickRates(self._clicked, self._shown)
