"""How many clicks, and how many readers who clicked, the days before a moment had."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.corpus.click_log import READING
from broadsheet.tables.arrays import Integers
from broadsheet.tables.arrow_files import epoch_seconds, read_table
from broadsheet.tables.schemas import CLICKS

DAY = 86400.0


@dataclass(frozen=True)
class ClickDays:
    """Counts of the days before a moment; the first day is the last 24 hours before it."""

    clicks: Integers
    "Events that mean reading, (days,)."
    readers: Integers
    "Readers with such an event, (days,); all whom the site does not know count as one."


def read_click_days(clicks: Path, as_of: datetime, days: int) -> ClickDays:
    """Return the counts of the `days` days before `as_of` from a file of table clicks; zeros if there is no file."""
    if not clicks.is_file():
        return ClickDays(np.zeros(days, np.int64), np.zeros(days, np.int64))
    return count_click_days(read_table(clicks, CLICKS), as_of, days)


def count_click_days(clicks: pa.Table, as_of: datetime, days: int) -> ClickDays:
    """Return the counts of the `days` days before `as_of`; a click at `as_of` or later belongs to no day."""
    ages = as_of.timestamp() - epoch_seconds(clicks.column("time"))
    reading = np.asarray(pc.is_in(clicks.column("event"), value_set=pa.array(READING)))
    # The age of a click is above 0 and at most a day on the first day.
    day = np.ceil(ages / DAY) - 1
    rows = np.flatnonzero(reading & (day >= 0) & (day < days))
    users = clicks.column("user_id").take(pa.array(rows)).combine_chunks().dictionary_encode()
    places = day[rows].astype(np.int64)
    pairs = np.unique(np.stack([places, np.asarray(users.indices, np.int64)]), axis=1)
    return ClickDays(np.bincount(places, minlength=days), np.bincount(pairs[0], minlength=days))
