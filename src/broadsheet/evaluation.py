"""What the benchmarks measure on: the impressions of a split, each with the reader's state as of its time.

Nothing of a later time enters: a reader is what the impression's own history says (a profile text carries no date and
is left out), and only clicks strictly before the impression count. An article without text has no vector and cannot be
scored; `Split.coverage` says how much that leaves out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from broadsheet.audience import READING, read_clock
from broadsheet.build import prepare_vectors
from broadsheet.catalogue import epoch_seconds
from broadsheet.errors import CorpusError
from broadsheet.present import present_edition
from broadsheet.progress import track
from broadsheet.schemas import CLICKS, IMPRESSIONS, USERS
from broadsheet.tables import from_rows, read_table
from broadsheet.workbench import Workbench

if TYPE_CHECKING:
    from broadsheet.newsroom import Newsroom

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Values = dict[str, Floats]
"""One value an impression of each metric, NaN where the impression was skipped."""

RANDOM, POPULARITY, TOWERS = "random", "popularity", "untrained towers"
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


def open_bench(newsroom: Newsroom, report: Callable[[str], None] = lambda line: None) -> Workbench:
    """Return a workbench over the current edition if it is of this corpus, encoder and index; else over new vectors.

    Nothing is published. Raises NewsroomError if there are no articles or another build is at work.
    """
    newsroom.require()
    edition, config = present_edition(newsroom), newsroom.config()
    if edition is not None:
        bench = Workbench(newsroom, edition, config, read_clock(config.clock, edition.news, edition.clicks))
        built = edition.read_manifest()
        same_index = built["config"]["index"] == vars(config.index)
        if same_index and built["models"]["news_tower"] == bench.news_tower.fingerprint:
            report(f"vectors and index of edition {edition.name}")
            return bench
    return prepare_vectors(newsroom, report)


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

    def __init__(self, bench: Workbench) -> None:
        self._size = len(bench.catalogue)
        self._rows, self._times = np.zeros(0, np.int64), np.zeros(0)
        self._last: tuple[datetime, Integers] | None = None
        if bench.edition.clicks.is_file():
            clicks = read_table(bench.edition.clicks, CLICKS)
            row_of = bench.catalogue.row_of
            events = zip(clicks.column("news_id").to_pylist(), clicks.column("event").to_pylist(), strict=True)
            rows = np.array(
                [row_of.get(news_id, -1) if event in READING else -1 for news_id, event in events], np.int64
            )
            self._rows, self._times = rows[rows >= 0], epoch_seconds(clicks.column("time"))[rows >= 0]

    def __call__(self, time: datetime) -> Integers:
        """Return the clicks on each article strictly before `time`, by catalogue row."""
        if self._last is None or self._last[0] != time:
            before = self._rows[self._times < time.timestamp()]
            self._last = time, np.bincount(before, minlength=self._size)
        return self._last[1]


def mean_over_seeds(measure: Callable[[np.random.Generator], Values]) -> Values:
    """Return the mean over SEEDS of what a measurement gives for each impression."""
    runs = [measure(np.random.default_rng(seed)) for seed in SEEDS]
    return {name: np.mean([run[name] for run in runs], axis=0) for name in runs[0]}
