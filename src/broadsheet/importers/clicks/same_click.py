"""Telling whether a click is in the newsroom already with another time: a list's click and the read that it led to."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import CLICKS
from broadsheet.tables.values import SkipRow, checked_id

APART_SECONDS = 600
"""Most seconds between the two times of one click: when its list was shown, and when the article was opened."""


class KnownClicks:
    """The clicks of a newsroom as they are now; clicks that come later change nothing."""

    def __init__(self, clicks: Path) -> None:
        """`clicks` is the newsroom's table; it may be missing."""
        table = read_table(clicks, CLICKS) if clicks.exists() else CLICKS.empty_table()
        names = zip(table.column("user_id").to_pylist(), table.column("news_id").to_pylist(), strict=True)
        keys = np.fromiter(map(hash, names), np.int64, len(table))
        times = np.asarray(table.column("time").cast(pa.int64()), np.int64)
        order = np.lexsort((times, keys))
        self._keys, self._times = keys[order], times[order]

    def has(self, user_id: object, news_id: object, time: object) -> bool:
        """Return whether the reader has a click on the article at most APART_SECONDS before or after `time`.

        False for a value that is no id or no time: the checks of the row name what is wrong.
        """
        if not len(self._keys) or not isinstance(time, datetime):
            return False
        try:
            key = hash((checked_id(user_id), checked_id(news_id)))
        except SkipRow:
            return False
        start, end = self._keys.searchsorted(key, "left"), self._keys.searchsorted(key, "right")
        apart = np.abs(self._times[start:end] - int(time.timestamp() * 1e6))
        return bool(len(apart)) and bool(apart.min() <= APART_SECONDS * 1_000_000)
