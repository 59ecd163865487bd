"""The moment that counts as now for a newsroom: the clock, or the last article or click of an archive."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt

from broadsheet.tables.arrow_files import epoch_seconds, read_table
from broadsheet.tables.schemas import CLICKS, NEWS

_FEW = 0.001
"""Largest share of the times that can be outliers; one time always can, if there are as many as _ENOUGH."""
_ENOUGH = 5
GAP = 30 * 86400.0
"""Seconds between the outliers and the other times, at least; active readers clicked within about this time."""


def read_clock(clock: str, news: Path, clicks: Path) -> datetime:
    """Return what counts as now: the present time, or for an archive one second after its latest article or click.

    A few times that lie far behind all others cannot set the clock, nor times in the future: see `latest_time`.
    """
    now = datetime.now(UTC)
    if clock == "now":
        return now
    latest, _ = latest_time(_times(news, clicks), now.timestamp())
    return now if latest is None else min(datetime.fromtimestamp(latest, UTC) + timedelta(seconds=1), now)


def ignored_by_clock(clock: str, news: Path, clicks: Path) -> int:
    """Return how many articles and clicks of an archive are dated too late to set its clock; 0 for the present time."""
    return 0 if clock == "now" else latest_time(_times(news, clicks), datetime.now(UTC).timestamp())[1]


def latest_time(times: npt.NDArray[np.float64], now: float) -> tuple[float | None, int]:
    """Return the latest of some times that is no outlier, and how many times are later; None if there is no such time.

    All are epoch seconds. Times after `now` are outliers. So are the latest times, at most one in a thousand or one
    alone, if the time before them is earlier by 30 days and by the time that half of all times lie before it. Example:
    of 1,000 events in the spring of 2017 and one event in 2018, the event in 2018 is an outlier; if ten events are of
    2018, none is.
    """
    known = np.sort(times[times <= now])
    ignored = int((times > now).sum())
    few = int(max(1, len(known) * _FEW)) if len(known) >= _ENOUGH else 0
    for count in range(1, few + 1):
        first, before = known[-count], known[-count - 1]
        if first - before > max(GAP, before - np.median(known)):
            return float(before), ignored + count
    return (float(known[-1]) if len(known) else None), ignored


def _times(news: Path, clicks: Path) -> npt.NDArray[np.float64]:
    """Return the times of all articles and clicks as epoch seconds, without unknown times."""
    times = [epoch_seconds(read_table(news, NEWS).column("published_at"))]
    if clicks.is_file():
        times.append(epoch_seconds(read_table(clicks, CLICKS).column("time")))
    joined = np.concatenate(times)
    return joined[~np.isnan(joined)]
