"""Readers with more events in a day than a person makes: programs that click, or a wrong column of readers."""

from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

MOST_A_DAY = 1000
"""Events of a reader in a day (UTC) that are not yet worth a note."""


class BusyReaders(NamedTuple):
    """What is found of such readers."""

    readers: int
    "How many there are."
    events: int
    "Their events on the days on which they had more than MOST_A_DAY."
    example: str
    "The reader with the most events on a day, and that day; empty if there is no such reader."


def busy_readers(clicks: pa.Table) -> BusyReaders:
    """Return what table clicks says of readers with more than MOST_A_DAY events in a day."""
    days = pa.table({"reader": clicks.column("user_id"), "day": pc.floor_temporal(clicks.column("time"), unit="day")})
    counts = days.group_by(["reader", "day"]).aggregate([([], "count_all")])
    busy = counts.filter(pc.greater(counts.column("count_all"), MOST_A_DAY)).sort_by([("count_all", "descending")])
    if not len(busy):
        return BusyReaders(0, 0, "")
    first = busy.slice(0, 1).to_pylist()[0]
    example = f"such as {first['reader']!r} with {first['count_all']:,} on {first['day']:%Y-%m-%d}"
    return BusyReaders(pc.count_distinct(busy.column("reader")).as_py(), pc.sum(busy["count_all"]).as_py(), example)
