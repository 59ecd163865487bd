"""The counters of the ranking as of many moments: `popularity`, `click_rate`, `trend` and `co_click`.

A request computes its counters from the whole log. A replay asks for tens of thousands of moments, so its sums move
along with the time: each event is added once, and leaves once. The numbers are the same, which a test holds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.sparse import csr_array

from broadsheet.corpus import exposures as showings
from broadsheet.corpus.click_log import ClickLog
from broadsheet.corpus.exposures import UNKNOWN, click_rates, rates_of
from broadsheet.corpus.impressions import Impression
from broadsheet.progress import track
from broadsheet.retrieval.sources import popularity_freshness as formulas
from broadsheet.retrieval.sources.co_click import HALF_LIFE, HALF_LIVES, running_pairs
from broadsheet.retrieval.sources.popularity_freshness import popularity_of, trends_of
from broadsheet.tables.arrays import Floats, Rows
from broadsheet.workbench.data import EditionData

COUNTERS = ("popularity", "click_rate", "trend", "co_click")
"""The signals that count what other readers did."""
HOUR = 3600.0
CO_CLICK_SECONDS = 600.0
"""Co-clicks are as of the last ten full minutes: the sums of all clicks for each request would take an hour."""
AT_ONCE = 64
"""Impressions whose co-clicks are found in one product, so that memory does not grow with the impressions of a day."""


class _Sums:
    """Sums of events by article; an event counts half after each half-life, and nothing once it leaves the window."""

    def __init__(
        self, rows: Rows, times: Floats, size: int, weights: Floats | None, *, half_life: float, window: float
    ) -> None:
        """Take events in order of time; `times` are epoch seconds, `half_life` and `window` seconds.

        `weights` (events,) say how much each event counts, 1 if None; a sum may be below 0 only if a weight is.
        """
        self._rows, self._times, self._half_life, self._window = rows, times, half_life, window
        self._weights = np.broadcast_to(1.0, len(rows)) if weights is None else weights
        self._least = -math.inf if self._weights.min(initial=0.0) < 0 else 0.0
        self._sums, self._now, self._start, self._end = np.zeros(size), 0.0, 0, 0

    def __call__(self, as_of: float) -> Floats:
        """Return the sums (articles,) of the events strictly before `as_of`, which is never before the last one."""
        start, end = np.searchsorted(self._times, (as_of - self._window, as_of), side="left").tolist()
        self._sums *= 0.5 ** ((as_of - self._now) / self._half_life)
        for sign, part in ((1.0, slice(self._end, end)), (-1.0, slice(self._start, start))):
            weights = 0.5 ** ((as_of - self._times[part]) / self._half_life) * self._weights[part]
            np.add.at(self._sums, self._rows[part], sign * weights)
        np.maximum(self._sums, self._least if end > start else -math.inf, out=self._sums)  # rounding may leave less
        if end == start:
            self._sums[:] = 0.0
        self._now, self._start, self._end = as_of, start, end
        return self._sums


class RunningCounters:
    """The counters that are the same for all readers, of all articles, as of moments that never go back."""

    def __init__(self, data: EditionData) -> None:
        """Count the clicks and showings of `data`."""
        size, clicks, shown = len(data.catalogue), data.clicks, data.exposures
        shown = shown.part(shown.clicked != UNKNOWN)
        codes = data.catalogue.news.column("category").combine_chunks().dictionary_encode()
        self._categories, self._catalogue = np.asarray(codes.indices, np.int64), data.catalogue
        acts = clicks.counted
        half_life, recent, earlier = (
            hours * HOUR for hours in (acts.half_life_hours, formulas.RECENT_HOURS, formulas.EARLIER_HOURS)
        )
        rate = {"half_life": showings.HALF_LIFE_HOURS * HOUR, "window": showings.WINDOW_HOURS * HOUR}
        hits = shown.clicked == 1
        counted = acts.rows, acts.times, size, acts.weights
        self._clicks = _Sums(*counted, half_life=half_life, window=math.inf)
        self._shown = _Sums(shown.rows, shown.times, size, None, **rate)
        self._hits = _Sums(shown.rows[hits], shown.times[hits], size, None, **rate)
        self._recent = _Sums(*counted, half_life=math.inf, window=recent)
        self._earlier = _Sums(*counted, half_life=math.inf, window=earlier)
        self._weighted = shown if np.isfinite(shown.weights).any() else None

    def __call__(self, as_of: float) -> dict[str, Floats]:
        """Return `popularity`, `click_rate` and `trend` of each article (articles,), NaN where absent.

        `as_of` is in epoch seconds.
        """
        gone = self._catalogue.gone
        future = (self._catalogue.published_at > as_of) | gone
        if self._weighted is None:
            rates = rates_of(self._shown(as_of), self._hits(as_of))
        else:  # the mean of the weights is that of the window, so nothing can be kept
            rates = click_rates(self._weighted, as_of, len(gone))
        return {
            "popularity": popularity_of(self._clicks(as_of), self._categories, future, gone),
            "click_rate": rates,
            "trend": trends_of(self._recent(as_of), self._earlier(as_of - formulas.RECENT_HOURS * HOUR), gone),
        }


def counters_of(data: EditionData, impressions: Sequence[Impression], moments: Floats) -> dict[str, Floats]:
    """Return `popularity`, `click_rate` and `trend` of what impressions show, laid end to end (shown,), NaN if absent.

    `moments` (impressions,) are the epoch seconds before which something must have happened to count.
    """
    running = RunningCounters(data)
    found: list[dict[str, Floats]] = [{}] * len(impressions)
    last, of_all = -math.inf, dict[str, Floats]()
    for place in np.argsort(moments, kind="stable").tolist():
        if moments[place] != last:
            last = float(moments[place])
            of_all = running(last)
        rows = impressions[place].shown_rows
        found[place] = {name: values[rows] for name, values in of_all.items()}
    return {name: np.concatenate([np.zeros(0), *(one[name] for one in found)]) for name in COUNTERS[:3]}


def co_clicks_of(
    clicks: ClickLog, size: int, impressions: Sequence[Impression], moments: Mapping[str, Floats]
) -> dict[str, Floats]:
    """Return for each entry of `moments` the `co_click` of what impressions show, laid end to end (shown,), else NaN.

    Moments are as in `counters_of`; a click counts if it happened before the last full ten minutes before its
    impression's moment. The history is that of the impression. `size` is the number of articles.
    """
    found: dict[str, list[Floats]] = {name: [np.zeros(0)] * len(impressions) for name in moments}
    requests = [(name, place) for name in moments for place in range(len(impressions))]
    ticks = np.concatenate([np.zeros(0), *moments.values()]) // CO_CLICK_SECONDS * CO_CLICK_SECONDS
    order = np.argsort(ticks, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(ticks[order])) + 1) if len(order) else []
    running = RunningCoClicks(clicks, ticks.min(initial=math.inf), ticks.max(initial=-math.inf), size)
    for together in track(groups, "Times at which co-clicks are counted", total=len(groups)):
        columns = running(float(ticks[together[0]]))
        for start in range(0, len(together), AT_ONCE):
            ours = [requests[number] for number in together[start : start + AT_ONCE].tolist()]
            parts = _pairs(columns, [impressions[place] for _, place in ours])
            for (name, place), scores in zip(ours, parts, strict=True):
                found[name][place] = scores
    return {name: np.concatenate([np.zeros(0), *parts]) for name, parts in found.items()}


class RunningCoClicks:
    """The columns of `CoClicks` as of moments that never go back: who clicked what is sorted once for all of them."""

    def __init__(self, clicks: ClickLog, first: float, last: float, size: int) -> None:
        """Take the first and the last moment that will be asked for, epoch seconds, and the number of articles."""
        known = clicks.before(last, first - HALF_LIVES * HALF_LIFE)
        readers, codes = np.unique(known.users, return_inverse=True)
        pairs, numbers = np.unique(known.rows * max(1, len(readers)) + codes, return_inverse=True)
        self._rows, self._readers = np.divmod(pairs, max(1, len(readers)))
        self._starts = np.searchsorted(self._rows, np.arange(size + 1))
        self._shape = size, len(readers)
        events = numbers, known.times, len(pairs), None
        window = HALF_LIVES * HALF_LIFE
        self._sums = _Sums(*events, half_life=HALF_LIFE, window=window)
        self._counts = _Sums(*events, half_life=math.inf, window=window)

    def __call__(self, as_of: float) -> csr_array:
        """Return the columns (articles, readers), of unit length; a pair that is not known yet, or too old, has 0."""
        clicked = self._counts(as_of) > 0.5
        values = np.where(clicked, np.minimum(self._sums(as_of), 1.0), 0.0)
        of_reader = np.bincount(self._readers, clicked, minlength=self._shape[1])
        values /= np.sqrt(np.maximum(of_reader, 1.0))[self._readers]
        lengths = np.sqrt(np.bincount(self._rows, values**2, minlength=self._shape[0]))
        values /= np.where(lengths > 0, lengths, 1.0)[self._rows]
        return csr_array((values, self._readers, self._starts), shape=self._shape)


def _pairs(columns: csr_array, impressions: Sequence[Impression]) -> list[Floats]:
    """Return the scores of what each impression shows, in its order."""
    lengths = [len(one.shown_rows) for one in impressions]
    scores = running_pairs(
        columns,
        [np.array(one.history_rows, np.int64) for one in impressions],
        np.repeat(np.arange(len(impressions)), lengths),
        np.array([row for one in impressions for row in one.shown_rows], np.int64),
    )
    return np.split(scores, np.cumsum(lengths)[:-1])
