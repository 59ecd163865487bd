"""What became of the articles that impressions showed: how long a clicked one was read, and which were hidden."""

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.corpus.click_log import READING
from broadsheet.corpus.impressions import Impression
from broadsheet.importers.clicks.same_click import APART_SECONDS
from broadsheet.tables.arrays import Floats
from broadsheet.tables.arrow_files import epoch_seconds

HIDE_SECONDS = 86400.0
"""An article that was hidden this long after a list showed it, at most, was hidden because of the list."""


class Outcomes:
    """What a clicks table says of the articles that some impressions showed."""

    def __init__(self, clicks: pa.Table, impressions: Sequence[Impression]) -> None:
        clicks = clicks.filter(pc.is_in(clicks.column("user_id"), value_set=pa.array({i.user_id for i in impressions})))
        self._impressions, events = impressions, clicks.column("event")
        read = pc.and_(pc.is_in(events, value_set=pa.array(READING)), clicks.column("dwell_seconds").is_valid())
        self._reads = _by_article(clicks.filter(read))
        self._hides = _by_article(clicks.filter(pc.equal(events, "hide")))

    def seconds(self) -> list[Floats]:
        """Return of each impression how long each shown article was read, (shown,), NaN if not clicked or not known.

        A read counts if it began when the list was shown, or up to ten minutes later.
        """
        found = []
        for one in self._impressions:
            times = [max(self._after(one, name, self._reads, APART_SECONDS), default=np.nan) for name in one.shown]
            found.append(np.where(one.clicked, times, np.nan))
        return found

    def hidden(self) -> list[Floats] | None:
        """Return of each impression which articles the reader then hid, 1 or 0 (shown,); None if nobody hid any."""
        if not self._hides:
            return None
        return [
            np.array([float(bool([*self._after(one, name, self._hides, HIDE_SECONDS)])) for name in one.shown])
            for one in self._impressions
        ]

    def _after(
        self, one: Impression, news_id: str, events: dict[tuple[str, str], list[tuple[float, float]]], most: float
    ) -> Iterable[float]:
        """Return the seconds of the events of a reader and an article from the time of a list on."""
        start = one.time.timestamp()
        return (value for time, value in events.get((one.user_id, news_id), ()) if start <= time <= start + most)


def _by_article(clicks: pa.Table) -> dict[tuple[str, str], list[tuple[float, float]]]:
    """Return time and seconds of the events of each reader and article."""
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    seconds = np.asarray(pc.fill_null(clicks.column("dwell_seconds"), np.nan), np.float64).tolist()
    names = (clicks.column(name).to_pylist() for name in ("user_id", "news_id"))
    for user_id, news_id, time, lasted in zip(*names, epoch_seconds(clicks.column("time")), seconds, strict=True):
        found.setdefault((user_id, news_id), []).append((float(time), lasted))
    return found
