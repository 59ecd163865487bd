"""What trainings learn from and are measured on: the labelled impressions of a newsroom's splits, by catalogue row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.errors import CorpusError
from broadsheet.newsroom import Newsroom
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import IMPRESSIONS
from broadsheet.workbench.workbench import Workbench


@dataclass(frozen=True)
class Labelled:
    """One impression, cut down to the articles that have text."""

    user_id: str
    name: str
    "Names it in messages."
    history: list[int]
    "Oldest first."
    shown: list[int]
    clicked: list[bool]
    "One for each of `shown`."

    @property
    def rankable(self) -> bool:
        """Whether it shows both a clicked article and another."""
        return any(self.clicked) and not all(self.clicked)


def require_splits(newsroom: Newsroom, *splits: str) -> None:
    """Raise CorpusError for missing splits, before the long work."""
    missing = [newsroom.impressions(split) for split in splits if not newsroom.impressions(split).is_file()]
    if missing:
        names = ", ".join(map(str, dict.fromkeys(missing)))
        raise CorpusError(
            f"{names}: no such split. Import it: `broadsheet import mind DIR --into {newsroom.path} --split NAME`."
        )


def read_labelled(bench: Workbench, split: str) -> list[Labelled]:
    """Return the impressions of a split, those without a click on an article that has text included.

    Raises CorpusError if there are none.
    """
    table = read_table(bench.newsroom.impressions(split), IMPRESSIONS)
    if not len(table):
        raise CorpusError(f"split {split!r}: no impressions. Import some for it, or name another split.")
    return [_labelled(row, bench.catalogue) for row in _rows(table)]


def read_rankable(bench: Workbench, split: str) -> list[Labelled]:
    """Return the impressions of a split that show both a clicked article and another.

    Raises CorpusError if there are none.
    """
    table = read_table(bench.newsroom.impressions(split), IMPRESSIONS)
    found = [impression for row in _rows(table) if (impression := _labelled(row, bench.catalogue)).rankable]
    if not found:
        raise CorpusError(
            f"split {split!r}: no impression shows both a clicked article and another, with text. "
            "Import news for it, or name another."
        )
    return found


def _labelled(row: dict[str, Any], catalogue: Catalogue) -> Labelled:
    labelled = zip(row["shown"], row["clicked"], strict=False)  # an unlabelled impression has no `clicked`
    known = [(catalogue.row_of[news_id], flag) for news_id, flag in labelled if news_id in catalogue.row_of]
    history = catalogue.rows(row["history"])
    name = f"impression {row['impression_id']}"
    return Labelled(row["user_id"], name, history, [news for news, _ in known], [flag for _, flag in known])


def _rows(table: pa.Table) -> Iterator[dict[str, Any]]:
    wanted = ["impression_id", "user_id", "history", "shown", "clicked"]
    for batch in table.select(wanted).to_batches(max_chunksize=10_000):
        yield from batch.to_pylist()
