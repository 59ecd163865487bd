"""What the benchmarks measure on: the impressions of a split, each with the reader's state as of its time.

Nothing of a later time enters: a reader is what the impression's own history says (a profile text carries no date and
is left out), and only clicks strictly before the impression count. An article without text has no vector and cannot be
scored; `Split.coverage` says how much that leaves out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from broadsheet.corpus.click_log import ClickLog
from broadsheet.errors import CorpusError
from broadsheet.progress import track
from broadsheet.tables.arrow_files import from_rows, read_table
from broadsheet.tables.schemas import IMPRESSIONS, USERS
from broadsheet.workbench.workbench import Workbench

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Values = dict[str, Floats]
"""One value an impression of each metric, NaN where the impression was skipped."""

RANDOM, POPULARITY, BM25, UNTRAINED = "random", "popularity", "BM25", "untrained towers"
"""Rows that both benchmarks compare."""

SEEDS = (0, 1, 2)
"""Seeds of what is random; a row that depends on chance is the mean over them, impression by impression."""

_BLOCK = 128
"""Impressions at a time: enough pairs to batch by length, and progress that moves."""


@dataclass(frozen=True)
class Impression:
    """One list as it was shown, cut down to the articles that have text."""

    number: int
    "Its row in the split's table."
    user_id: str
    time: datetime
    history: list[str]
    "Articles read before, oldest first; those without text included."
    shown: list[str]
    clicked: list[bool]
    "One for each shown article."

    @property
    def user(self) -> dict[str, Any]:
        """The reader's state as of the impression: a row of table users, named by the impression's number."""
        return {"user_id": str(self.number), "history": self.history, "profile": "", "hidden": []}

    @property
    def rankable(self) -> bool:
        """Whether it shows both a clicked article and another, which a ranking metric needs."""
        return any(self.clicked) and not all(self.clicked)

    @property
    def relevant(self) -> list[str]:
        """The clicked articles that were not read before: what retrieval should find."""
        read = set(self.history)
        chosen = [news_id for news_id, hit in zip(self.shown, self.clicked, strict=True) if hit]
        return [news_id for news_id in dict.fromkeys(chosen) if news_id not in read]


@dataclass(frozen=True)
class Split:
    """The labelled impressions of a split."""

    name: str
    impressions: list[Impression]
    coverage: dict[str, int]
    "Counts of what the split holds and of what has text."


def read_split(bench: Workbench, name: str) -> Split:
    """Read a split's impressions.

    Raises CorpusError if the split was not imported, or if none of its clicks is on an article with text.
    """
    path = bench.newsroom.impressions(name)
    if not path.is_file():
        command = f"broadsheet import mind DIR --into {bench.newsroom.path} --split {name}"
        raise CorpusError(f"{path}: no such split. Import it: `{command}`.")
    table = read_table(path, IMPRESSIONS)
    counts = dict.fromkeys(("impressions", "unlabelled", "shown", "shown_with_text", "clicks", "clicks_with_text"), 0)
    found = []
    for number, row in enumerate(_rows(table)):
        counts["impressions"] += 1
        counts["unlabelled"] += not row["clicked"]
        if row["clicked"]:
            found.append(_impression(bench, number, row))
            counts["shown"] += len(row["shown"])
            counts["clicks"] += sum(row["clicked"])
            counts["shown_with_text"] += len(found[-1].shown)
            counts["clicks_with_text"] += sum(found[-1].clicked)
    if not counts["clicks_with_text"]:
        raise CorpusError(f"{path}: found no click on an article with text. Import the articles of this split first.")
    counts |= {
        "rankable": sum(one.rankable for one in found),
        "with_relevant": sum(bool(one.relevant) for one in found),
    }
    return Split(name, found, counts)


def _rows(table: pa.Table) -> Iterator[dict[str, Any]]:
    for batch in table.select(["user_id", "time", "history", "shown", "clicked"]).to_batches(max_chunksize=10_000):
        yield from batch.to_pylist()


def _impression(bench: Workbench, number: int, row: dict[str, Any]) -> Impression:
    known = [place for place, news_id in enumerate(row["shown"]) if news_id in bench.catalogue.row_of]
    shown, clicked = [row["shown"][place] for place in known], [row["clicked"][place] for place in known]
    return Impression(number, row["user_id"], row["time"], row["history"], shown, clicked)


def states(impressions: Sequence[Impression]) -> pa.Table:
    """Return the table users of the impressions' readers as of each, named by the impressions' numbers."""
    return from_rows([impression.user for impression in impressions], USERS)


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
