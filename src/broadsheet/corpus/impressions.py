"""The impressions of a split: lists as they were shown to readers, with what was clicked, as of the time of each.

Nothing of a later time is in an impression: its reader is what its own history says. A profile carries no date and is
left out. An article without text has no vector and cannot be scored, so lists are cut to the articles of a catalogue;
`Split.coverage` says how much that leaves out.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.errors import CorpusError
from broadsheet.newsroom import Newsroom
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import IMPRESSIONS


@dataclass(frozen=True)
class Impression:
    """One list as it was shown, cut to the articles that have text."""

    number: int
    "Its row in the split's table."
    name: str
    "What messages call it."
    user_id: str
    time: datetime
    history: list[str]
    "Ids of the articles read before, oldest first; articles without text included."
    history_rows: list[int]
    "Catalogue rows of the history's articles, oldest first; articles without text left out."
    shown: list[str]
    "Ids, in the order of the list."
    shown_rows: list[int]
    "Catalogue rows of `shown`."
    clicked: list[bool]
    "Whether each article of `shown` was clicked."

    @property
    def user(self) -> dict[str, Any]:
        """The reader's state as of the impression: a row of table users, named by the impression's number."""
        return {"user_id": str(self.number), "history": self.history, "profile": "", "hidden": []}

    @property
    def rankable(self) -> bool:
        """Whether it shows both a clicked article and an unclicked article, which a ranking metric needs."""
        return any(self.clicked) and not all(self.clicked)

    @property
    def relevant(self) -> list[str]:
        """The clicked articles that were not read before: what retrieval should find."""
        read = set(self.history)
        clicks = [news_id for news_id, is_clicked in zip(self.shown, self.clicked, strict=True) if is_clicked]
        return [news_id for news_id in dict.fromkeys(clicks) if news_id not in read]

    @property
    def clicked_rows(self) -> list[int]:
        """Catalogue rows of the clicked articles, in the order of the list."""
        return [row for row, is_clicked in zip(self.shown_rows, self.clicked, strict=True) if is_clicked]

    @property
    def unclicked_rows(self) -> list[int]:
        """Catalogue rows of the articles that were shown and not clicked, in the order of the list."""
        return [row for row, is_clicked in zip(self.shown_rows, self.clicked, strict=True) if not is_clicked]


@dataclass(frozen=True)
class Split:
    """The labelled impressions of a split."""

    name: str
    impressions: list[Impression]
    coverage: dict[str, int]
    "Counts of what the split holds and of what has text."


def make_impression(catalogue: Catalogue, row: Mapping[str, Any], number: int) -> Impression:
    """Return the impression of a row of table impressions, cut to the articles of a catalogue."""
    labels = zip(row["shown"], row["clicked"], strict=False)  # an unlabelled impression has an empty `clicked`
    known = [(news_id, is_clicked) for news_id, is_clicked in labels if news_id in catalogue.row_of]
    # An id stands in thousands of histories: interned, it takes memory once.
    history, shown = list(map(sys.intern, row["history"])), [sys.intern(news_id) for news_id, _ in known]
    return Impression(
        number=number,
        name=f"impression {row['impression_id']}",
        user_id=row["user_id"],
        time=row["time"],
        history=history,
        history_rows=catalogue.rows(history),
        shown=shown,
        shown_rows=catalogue.rows(shown),
        clicked=[is_clicked for _, is_clicked in known],
    )


def require_splits(newsroom: Newsroom, *splits: str) -> None:
    """Raise CorpusError, which names the missing files and the splits there are, unless all splits were imported."""
    missing = [newsroom.impressions(split) for split in splits if not newsroom.impressions(split).is_file()]
    if missing:
        names = ", ".join(map(str, dict.fromkeys(missing)))
        raise CorpusError(
            f"{names}: no such split. Import it: `broadsheet import tables --impressions FILE --split NAME --into "
            f"{newsroom.path}`, or `broadsheet import mind DIR` or `broadsheet import ebnerd DIR` with the same "
            f"--split and --into. {_splits_there(newsroom)}"
        )


def _splits_there(newsroom: Newsroom) -> str:
    splits = [path.stem.removeprefix("impressions-") for path in newsroom.all_impressions()]
    return f"Imported are: {', '.join(splits)}." if splits else "No split was imported yet."


def read_impressions(newsroom: Newsroom, catalogue: Catalogue, split: str) -> list[Impression]:
    """Return all impressions of a split; an unlabelled impression has its history, and nothing shown.

    Raises CorpusError if the split was not imported or is empty.
    """
    impressions = [impression for _, impression in _read(newsroom, catalogue, split)]
    if not impressions:
        raise CorpusError(f"split {split!r}: no impressions. Import some for it, or name another split.")
    return impressions


def read_rankable(newsroom: Newsroom, catalogue: Catalogue, split: str) -> list[Impression]:
    """Return the impressions of a split that show both a clicked article and an unclicked article.

    Raises CorpusError if the split was not imported, or if it has no such impression.
    """
    impressions = [impression for _, impression in _read(newsroom, catalogue, split) if impression.rankable]
    if not impressions:
        raise CorpusError(
            f"split {split!r}: no impression shows both a clicked article and another, with text. "
            "Import news for it, or name another."
        )
    return impressions


def read_split(newsroom: Newsroom, catalogue: Catalogue, name: str) -> Split:
    """Return the labelled impressions of a split, and how much of the split has text.

    Raises CorpusError if the split was not imported, or if none of its clicks is on an article with text.
    """
    counts = dict.fromkeys(("impressions", "unlabelled", "shown", "shown_with_text", "clicks", "clicks_with_text"), 0)
    labelled = []
    for row, impression in _read(newsroom, catalogue, name):
        counts["impressions"] += 1
        counts["unlabelled"] += not row["clicked"]
        if row["clicked"]:
            labelled.append(impression)
            counts["shown"] += len(row["shown"])
            counts["clicks"] += sum(row["clicked"])
            counts["shown_with_text"] += len(impression.shown)
            counts["clicks_with_text"] += sum(impression.clicked)
    if not counts["clicks_with_text"]:
        path = newsroom.impressions(name)
        raise CorpusError(f"{path}: found no click on an article with text. Import the articles of this split first.")
    counts["rankable"] = sum(one.rankable for one in labelled)
    counts["with_relevant"] = sum(bool(one.relevant) for one in labelled)
    return Split(name, labelled, counts)


def _read(newsroom: Newsroom, catalogue: Catalogue, split: str) -> Iterator[tuple[dict[str, Any], Impression]]:
    """Yield each row of a split's table with the impression that is made of it."""
    require_splits(newsroom, split)
    columns = ["impression_id", "user_id", "time", "history", "shown", "clicked"]
    table, number = read_table(newsroom.impressions(split), IMPRESSIONS).select(columns), 0
    for batch in table.to_batches(max_chunksize=10_000):
        for row in batch.to_pylist():
            yield row, make_impression(catalogue, row, number)
            number += 1
