"""Impressions replayed: their readers as table users, in blocks with progress, and clicks as of each moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
import pyarrow as pa

from broadsheet.corpus.click_log import ClickLog
from broadsheet.corpus.impressions import Impression
from broadsheet.progress import track
from broadsheet.readers.state import ReaderState, reader_states
from broadsheet.tables.arrays import Floats, Integers, Vectors
from broadsheet.tables.arrow_files import from_rows
from broadsheet.tables.schemas import USERS
from broadsheet.workbench.data import EditionData

Values = dict[str, Floats]
"""One value an impression of each metric, NaN where the impression was skipped."""

RANDOM, POPULARITY, BM25, UNTRAINED = "random", "popularity", "BM25", "untrained towers"
"""Rows that both benchmarks compare."""

SEEDS = (0, 1, 2)
"""Seeds of what is random; a row that depends on chance is the mean over them, impression by impression."""

_BLOCK = 128
"""Impressions at a time: enough pairs to batch by length, and progress that moves."""


def states(impressions: Sequence[Impression]) -> pa.Table:
    """Return the table users of the impressions' readers as of each, named by the impressions' numbers."""
    return from_rows([impression.user for impression in impressions], USERS)


def readers_as_of(data: EditionData, impressions: Sequence[Impression]) -> list[ReaderState]:
    """Return the reader of each impression as of its time, in the impressions' order.

    A reader is named by the impression's number; `person` is the reader's id.
    """
    readers = reader_states(states(impressions), data.catalogue)
    known = zip(readers, impressions, *_known_before(data, impressions), strict=True)
    return [
        replace(reader, person=one.user_id, reads=reads, acts=acts if reader.acts is None else reader.acts | acts)
        for reader, one, reads, acts in known
    ]


def reads_before(data: EditionData, impressions: Sequence[Impression]) -> list[Vectors]:
    """Return what is known of the read of each article of `history_rows` before each impression, (articles, READS)."""
    return _known_before(data, impressions)[0]


def _known_before(data: EditionData, impressions: Sequence[Impression]) -> tuple[list[Vectors], list[Integers]]:
    has_text = data.catalogue.row_of
    histories = [[news_id for news_id in one.history if news_id in has_text] for one in impressions]
    moments = [one.time.timestamp() for one in impressions]
    return data.reads.known([one.user_id for one in impressions], histories, moments)


def blocks(impressions: Sequence[Impression], what: str, *, one_time: bool = False) -> Iterator[Sequence[Impression]]:
    """Yield the impressions in order, some at a time, with progress; with `one_time`, those of one moment at most."""
    ends = [*range(_BLOCK, len(impressions), _BLOCK), len(impressions)]
    if one_time:
        changes = [
            place for place in range(1, len(impressions)) if impressions[place].time != impressions[place - 1].time
        ]
        ends = sorted({*ends, *changes})
    places = track(range(len(impressions)), what, total=len(impressions))
    start = 0
    for place in places:
        if place + 1 == ends[0]:
            yield impressions[start : place + 1]
            start = ends.pop(0)


class ClicksBefore:
    """How often each article was clicked before a moment."""

    def __init__(self, clicks: ClickLog, size: int) -> None:
        """`size` is the number of articles."""
        self._clicks, self._size = clicks, size
        self._last: tuple[datetime, Integers] | None = None

    def __call__(self, time: datetime) -> Integers:
        """Return the clicks on each article strictly before `time`, by catalogue row."""
        if self._last is None or self._last[0] != time:
            before = self._clicks.before(time.timestamp())
            self._last = time, np.bincount(before.rows, minlength=self._size)
        return self._last[1]


def mean_of(runs: Sequence[Values]) -> Values:
    """Return the mean over several runs of each metric of each impression, NaN where none has a value."""
    return {name: _mean(np.stack([run[name] for run in runs])) for name in runs[0]}


def _mean(values: Floats) -> Floats:
    counts = (~np.isnan(values)).sum(axis=0)
    total = np.nan_to_num(values).sum(axis=0)
    return np.asarray(np.divide(total, counts, out=np.full(len(counts), np.nan), where=counts > 0))
