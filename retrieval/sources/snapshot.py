"""What all requests of one moment share: the sources, and what they know of the clicks and times before it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property

import numpy as np
import numpy.typing as npt

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.corpus.exposures import click_rates
from broadsheet.retrieval.sources.co_click import CoClick
from broadsheet.retrieval.sources.logs import Logs, NowLogs
from broadsheet.retrieval.sources.own import OwnProposals
from broadsheet.retrieval.sources.popularity_freshness import (
    Freshness,
    Popularity,
    freshness_scores,
    popularity_scores,
    trends,
)
from broadsheet.retrieval.sources.source_input import Source, SourceInput
from broadsheet.retrieval.sources.two_tower import Search, TwoTower
from broadsheet.tables.arrays import Flags, Floats, Rows
from broadsheet.tables.locks import ThreadLock


class Moment:
    """The sources, click rates and trends as of a time; no click or showing at that time or later enters."""

    def __init__(
        self,
        catalogue: Catalogue,
        categories: npt.NDArray[np.int64],
        search: Search,
        logs: Logs,
        as_of: datetime,
        *,
        half_life_hours: Floats,
        own: Sequence[str] = (),
    ) -> None:
        """`categories` holds a number from 0 for each article; `half_life_hours` is that of its freshness.

        `own` are the names of the site's own sources.
        """
        seconds, clicks = as_of.timestamp(), logs.clicks
        self.as_of, self.logs = as_of, logs
        self.click_rates = click_rates(logs.exposures, seconds, len(catalogue))
        self.trends = trends(clicks, seconds, catalogue.gone)
        self.co_clicks = logs.co_clicks(seconds, size=len(catalogue))
        self._hidden = (catalogue.published_at > seconds) | catalogue.gone
        self._popularity = popularity_scores(clicks, seconds, categories, self._hidden, catalogue.gone)
        self._freshness = freshness_scores(catalogue.published_at, seconds, half_life_hours)
        self.sources: Mapping[str, Source] = {
            "two_tower": TwoTower(catalogue, search, self._hidden),
            "popularity": Popularity(self._popularity, self._hidden),
            "freshness": Freshness(self._freshness, categories, self._hidden),
            "co_click": CoClick(self._hidden),
            **{name: OwnProposals(name, self._hidden) for name in own},
        }

    def fill(self, reader: SourceInput, rows: Rows, n: int) -> Rows:
        """Return the rows, and where they are fewer than n, what is popular and new to make up the number."""
        if len(rows) >= n:
            return rows
        more = self._order[: n + len(reader.excluded)]
        more = more[reader.allows(more) & ~np.isin(more, rows)]
        return np.concatenate([rows, more[: n - len(rows)]])

    def best(self, reader: SourceInput, articles: Flags, n: int) -> Rows:
        """Return at most n rows of these articles (articles,) that the reader may be shown, popular and new first."""
        rows = self._order[articles[self._order]]
        return rows[reader.allows(rows)][:n]

    @cached_property
    def _order(self) -> Rows:
        """Rows of all articles that may be shown, by the sum of popularity and freshness."""
        order = np.argsort(-(np.nan_to_num(self._popularity) + np.nan_to_num(self._freshness)), kind="stable")
        return order[~self._hidden[order]]


class Moments:
    """The moments of one edition, of which the last is kept: requests at one time, as in a build, share the work.

    Safe to call from several threads.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        search: Search,
        logs: NowLogs,
        *,
        half_life_hours: Floats,
        own: Sequence[str] = (),
    ) -> None:
        """`half_life_hours` is that of each article's freshness."""
        self._own = own
        categories = catalogue.news.column("category").combine_chunks().dictionary_encode()
        self._categories = np.asarray(categories.indices, np.int64)
        self._catalogue, self._search, self._logs = catalogue, search, logs
        self._half_life_hours = half_life_hours
        self._lock = ThreadLock()
        self._last: Moment | None = None

    def __call__(self, as_of: datetime) -> Moment:
        """Return what depends on the time and on the logs as they are now."""
        with self._lock:
            logs = self._logs()
            if self._last is None or self._last.as_of != as_of or self._last.logs is not logs:
                self._last = Moment(
                    self._catalogue,
                    self._categories,
                    self._search,
                    logs,
                    as_of,
                    half_life_hours=self._half_life_hours,
                    own=self._own,
                )
            return self._last
