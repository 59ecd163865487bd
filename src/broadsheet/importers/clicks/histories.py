"""Histories of impressions that came without: what each reader had clicked before the list was shown."""

from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.corpus.click_log import READING
from broadsheet.tables.arrow_files import open_writer, read_table
from broadsheet.tables.schemas import CLICKS, IMPRESSIONS

LONGEST = 1000
"""Articles of a history that is made of clicks, the newest."""


def fill_histories(impressions: Path, without: Collection[str], clicks: Sequence[Path]) -> tuple[int, int]:
    """Give the impressions of a file that are named in `without` the articles read before, and write the file anew.

    A history holds the articles that the reader clicked strictly before the list was shown, by the tables `clicks`,
    oldest first; each article once, where it was read last; the newest LONGEST of them. If the tables have no click at
    all, the clicked articles of the file's own impressions count, at the times when their lists were shown.

    Returns how many histories were filled, and how many stayed empty since no earlier click is known.
    """
    table = read_table(impressions, IMPRESSIONS)
    is_without = pc.is_in(table.column("impression_id"), value_set=pa.array(without, pa.string()))
    log = pa.concat_tables([read_table(path, CLICKS).select(_EVENT) for path in clicks]) if clicks else _NO_EVENTS
    log = log if len(log) else _clicks_of_lists(table)
    read = _ReadBefore(log, table.filter(is_without).column("user_id"))
    filled = empty = 0
    with open_writer(impressions, IMPRESSIONS) as writer:
        for batch in table.to_batches(max_chunksize=10_000):
            columns = batch.select(["impression_id", "user_id", "time", "history"]).to_pydict()
            histories = columns["history"]
            for place, name in enumerate(columns["impression_id"]):
                if name in without:
                    histories[place] = read(columns["user_id"][place], columns["time"][place])
                    filled, empty = filled + bool(histories[place]), empty + (not histories[place])
            made = pa.array(histories, IMPRESSIONS.field("history").type)
            at = batch.schema.get_field_index("history")
            writer.write(pa.Table.from_batches([batch]).set_column(at, IMPRESSIONS.field("history"), made))
    return filled, empty


_EVENT = ["user_id", "news_id", "time", "event"]
_NO_EVENTS = CLICKS.empty_table().select(_EVENT)


class _ReadBefore:
    """What each of some readers had read before a moment, by a log of events."""

    def __init__(self, log: pa.Table, readers: pa.ChunkedArray) -> None:
        wanted = pc.and_(
            pc.is_in(log.column("event"), value_set=pa.array(READING)),
            pc.is_in(log.column("user_id"), value_set=pc.unique(readers)),
        )
        log = log.filter(wanted).sort_by([("user_id", "ascending"), ("time", "ascending")])
        self._times = np.asarray(log.column("time").cast(pa.int64()), np.int64)
        self._ids = log.column("news_id").to_pylist()
        counts = pc.value_counts(log.column("user_id").combine_chunks())  # in the order of their first rows
        ends = np.cumsum(np.asarray(counts.field("counts"), np.int64)).tolist()
        self._rows = dict(zip(counts.field("values").to_pylist(), zip([0, *ends], ends, strict=False), strict=True))

    def __call__(self, user_id: str, time: datetime) -> list[str]:
        start, end = self._rows.get(user_id, (0, 0))
        moment = pa.scalar(time, CLICKS.field("time").type).value
        stop = start + int(np.searchsorted(self._times[start:end], moment, side="left"))
        return list(dict.fromkeys(reversed(self._ids[start:stop])))[:LONGEST][::-1]


def _clicks_of_lists(impressions: pa.Table) -> pa.Table:
    """Return the clicked articles of impressions as events at the times of their lists."""
    rows = [
        (user_id, news_id, time, "click")
        for batch in impressions.select(["user_id", "time", "shown", "clicked"]).to_batches(max_chunksize=10_000)
        for user_id, time, shown, clicked in zip(*(column.to_pylist() for column in batch.columns), strict=True)
        for news_id, is_clicked in zip(shown, clicked, strict=False)
        if is_clicked
    ]
    columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[], [], [], []]
    return pa.table(columns, schema=_NO_EVENTS.schema.remove_metadata())
