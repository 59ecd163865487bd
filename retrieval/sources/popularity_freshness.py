"""The sources `popularity` and `freshness`, which need no model: what is being read, and what is new.

`popularity` knows no categories of the reader: weighing it by them was tried on MIND and found no more clicks than the
vectors of `two_tower` beside it do.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from broadsheet.corpus.click_log import ClickLog
from broadsheet.corpus.worth import Worth
from broadsheet.retrieval.sources.source_input import SourceInput
from broadsheet.tables.arrays import Floats, Integers, Rows

HOUR = 3600.0
CLICKS_THAT_COUNT = 0.01
"""Where the logarithm begins to bend: a click of 6 half-lives ago still tells an article from one never clicked."""
RECENT_HOURS, EARLIER_HOURS = 6.0, 24.0
"""The last hours of a trend, and the hours before these that they are held against."""
PRIOR_RECENT_CLICKS = 5.0
"""Clicks of an unchanged share that an article has at first, lest two clicks after one make a trend."""
PRIOR_CLICKS = 0.1
"""What an article has at first, in clicks of an average article of its category."""


def half_lives(categories: npt.NDArray[np.object_], half_life_hours: float, by_category: Mapping[str, float]) -> Floats:
    """Return the half-life of freshness of each article, in hours: that of its category, else the one for all."""
    hours = np.full(len(categories), half_life_hours)
    for category, own in by_category.items():
        hours[categories == category] = own
    return hours


def freshness_scores(published_at: Floats, as_of: float, half_life_hours: Floats) -> Floats:
    """Return 0.5 ** (age / half-life), 0 to 1, for times in epoch seconds; NaN where unknown or later than `as_of`."""
    age = as_of - published_at
    with np.errstate(invalid="ignore"):
        return np.where(age >= 0, 0.5 ** (np.maximum(age, 0) / (half_life_hours * HOUR)), np.nan)


def popularity_scores(
    clicks: ClickLog,
    as_of: float,
    categories: npt.NDArray[np.int64],
    future: npt.NDArray[np.bool_],
    gone: npt.NDArray[np.bool_],
    half_life_hours: float | None = None,
) -> Floats:
    """Return the logarithm of each article's time-decayed clicks, 0 to 1; all NaN without clicks that still count.

    Only clicks strictly before `as_of`, in epoch seconds, count. `categories` holds a number from 0 for each article;
    `future` marks those that are not to be shown yet, and `gone` those withdrawn, whose clicks do not count. An article
    has a share of its category's mean beside its own clicks, so none in a category that is read has 0. Acts count what
    they are worth by the log. `half_life_hours` stands in for the log's own.
    """
    return popularity_of(
        decayed_counts(clicks.counted, as_of, len(categories), half_life_hours), categories, future, gone
    )


def decayed_counts(worth: Worth, as_of: float, size: int, half_life_hours: float | None = None) -> Floats:
    """Return the sum of what acts strictly before `as_of` are worth by then, of each of `size` articles (size,)."""
    past = worth.before(as_of)
    decayed = 0.5 ** ((as_of - past.times) / ((half_life_hours or past.half_life_hours) * HOUR))
    return np.bincount(past.rows, decayed * past.weights, minlength=size).astype(np.float64)


def popularity_of(
    decayed: Floats, categories: npt.NDArray[np.int64], future: npt.NDArray[np.bool_], gone: npt.NDArray[np.bool_]
) -> Floats:
    """Return the scores of `popularity_scores` from each article's time-decayed clicks (articles,); below 0 is 0."""
    counts = np.where(gone, 0.0, np.maximum(decayed, 0.0))
    if not counts.any():  # none, or so old that their weight rounds to 0
        return np.full(len(categories), np.nan)
    sizes = np.bincount(categories, ~(future | gone))
    means = np.bincount(categories, counts) / np.maximum(sizes, 1)
    logarithms = np.log1p((counts + PRIOR_CLICKS * means[categories]) / CLICKS_THAT_COUNT)
    scaled: Floats = logarithms / logarithms.max()
    return scaled


def trends(clicks: ClickLog, as_of: float, gone: npt.NDArray[np.bool_]) -> Floats:
    """Return how much more of all clicks each article has lately than before, as a natural logarithm (articles,).

    Its share of the clicks of the last RECENT_HOURS strictly before `as_of` (epoch seconds) over its share of those of
    the EARLIER_HOURS before them, so that the hour of the day cancels out; 0 is an unchanged share, 0.7 twice it. Each
    article has PRIOR_RECENT_CLICKS of an unchanged share beside its own, so that an article without clicks has 0. If
    the earlier span has no click, all articles had the same share in it. All NaN if the last hours have no click.
    `gone` marks withdrawn articles (articles,), whose clicks do not count. Acts count what they are worth by the log.
    """
    size = len(gone)
    start = as_of - RECENT_HOURS * HOUR
    recent = clicks.counted.before(as_of, start).sums(size)
    earlier = clicks.counted.before(start, start - EARLIER_HOURS * HOUR).sums(size)
    return trends_of(recent, earlier, gone)


def trends_of(recent: Integers | Floats, earlier: Integers | Floats, gone: npt.NDArray[np.bool_]) -> Floats:
    """Return the scores of `trends` from each article's clicks in the last hours and in the hours before (articles,).

    A sum below 0 counts as 0.
    """
    recent, earlier = (np.where(gone, 0, np.maximum(one, 0)) for one in (recent, earlier))
    if not recent.any():
        return np.full(len(gone), np.nan)
    if not earlier.any():
        earlier = (~gone).astype(np.int64)
    expected = earlier * (recent.sum() / earlier.sum())
    found: Floats = np.log((recent + PRIOR_RECENT_CLICKS) / (expected + PRIOR_RECENT_CLICKS))
    return found


class Popularity:
    """What is read most at the moment, which is the same for all readers."""

    def __init__(self, scores: Floats, future: npt.NDArray[np.bool_]) -> None:
        """`scores` are NaN where unknown; `future` marks the articles that are not to be shown yet."""
        self._scores, self._order = scores, _best_first(scores, future)

    def propose(self, reader: SourceInput, n: int) -> Rows:
        """Return the n best."""
        rows = self._order[: n + len(reader.excluded)]
        return rows[reader.allows(rows)][:n]

    def __call__(self, reader: SourceInput, rows: Rows) -> Floats:
        """Return the scores."""
        return self._scores[rows]


class Freshness:
    """What is new: of all articles, and of the reader's categories in turn; scored by age alone."""

    def __init__(self, scores: Floats, categories: npt.NDArray[np.int64], future: npt.NDArray[np.bool_]) -> None:
        """`scores` are NaN where unknown; `categories` holds a number from 0 for each article."""
        self._scores, self._categories, self._order = scores, categories, _best_first(scores, future)
        ordered = categories[self._order]
        self._by_category = self._order[np.argsort(ordered, kind="stable")]  # newest first within each
        self._starts = np.cumsum([0, *np.bincount(ordered, minlength=int(categories.max(initial=-1)) + 1)])

    def propose(self, reader: SourceInput, n: int) -> Rows:
        """Return n rows: the newest article of all, the best of the reader's categories, the next newest, and so on.

        Breaking news reaches a reader of any category by the first list. The second is ordered by freshness times the
        category's share of the history. A reader without a history gets the first list alone.
        """
        newest = self._order[: n + len(reader.excluded)]
        newest = newest[reader.allows(newest)][:n]
        if not len(reader.history):
            return newest
        liked = self._of_categories(reader, n)
        both = np.full((max(len(newest), len(liked)), 2), -1, np.int64)
        both[: len(newest), 0], both[: len(liked), 1] = newest, liked
        rows, first = np.unique(both.ravel(), return_index=True)
        rows, first = rows[rows >= 0], first[rows >= 0]
        return rows[np.argsort(first)][:n]

    def _of_categories(self, reader: SourceInput, n: int) -> Rows:
        """Return the n best by freshness times the category's share of the history."""
        deep = n + len(reader.excluded)
        categories, counts = np.unique(self._categories[reader.history], return_counts=True)
        bounds = zip(self._starts[categories], self._starts[categories + 1], strict=True)
        parts = [self._by_category[start : min(end, start + deep)] for start, end in bounds]
        rows = np.concatenate(parts)
        scores = self._scores[rows] * np.repeat(counts, [len(part) for part in parts])
        kept = reader.allows(rows)
        rows, scores = rows[kept], scores[kept]
        return rows[np.lexsort((rows, -scores))[:n]]

    def __call__(self, reader: SourceInput, rows: Rows) -> Floats:
        """Return the scores."""
        return self._scores[rows]


def _best_first(scores: Floats, future: npt.NDArray[np.bool_]) -> Rows:
    """Return the rows of known scores that may be shown, best first; ties go to the earlier row."""
    order = np.argsort(-scores, kind="stable")  # NaN last
    return order[~(future | np.isnan(scores))[order]]
