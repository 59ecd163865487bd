"""What all requests of one moment share: the sources, and what they know of the clicks and times before it."""

from collections.abc import Mapping
from datetime import datetime

import numpy as np

from broadsheet.catalogue import Catalogue
from broadsheet.click_log import ClickLog
from broadsheet.retrieval.ann import Ann, Search
from broadsheet.retrieval.co_click import CoClick, CoClicks
from broadsheet.retrieval.reader import Reader, Rows, Source
from broadsheet.retrieval.sources import Standing, fresh_scores, trending_scores


class Moment:
    """The sources as of a time; nothing at that time or later enters."""

    def __init__(
        self, catalogue: Catalogue, search: Search, clicks: ClickLog, as_of: datetime, *, half_life_hours: float
    ) -> None:
        seconds, size = as_of.timestamp(), len(catalogue)
        past = clicks.before(seconds)
        future = catalogue.published_at > seconds
        trending = trending_scores(past.rows, past.times, as_of=seconds, half_life_hours=half_life_hours, size=size)
        fresh = fresh_scores(catalogue.published_at, seconds, half_life_hours)
        self.as_of, self.future = as_of, future
        self.co_clicks = CoClicks(past, seconds, half_life_hours=half_life_hours, size=size)
        self.sources: Mapping[str, Source] = {
            "ann": Ann(catalogue.vectors, search, future),
            "trending": Standing(trending, future),
            "fresh": Standing(fresh, future),
            "co_click": CoClick(future),
        }
        order = np.argsort(-(np.nan_to_num(trending) + np.nan_to_num(fresh)), kind="stable")
        self._order = order[~future[order]]

    def fill(self, reader: Reader, rows: Rows, n: int) -> Rows:
        """Return the rows, and where they are fewer than n, what is trending and new to make up the number."""
        if len(rows) >= n:
            return rows
        more = self._order[: n + len(reader.excluded)]
        more = more[reader.allows(more) & ~np.isin(more, rows)]
        return np.concatenate([rows, more[: n - len(rows)]])
