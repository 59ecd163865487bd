"""What an import did: rows taken, rows skipped and why, ids without an article, dates."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from broadsheet.errors import CorpusError
from broadsheet.tables.values import SkipRow
from broadsheet.text import one_line

DUPLICATE_CLICK, IS_WITHDRAWN, FORGOTTEN = "duplicate click", "withdrawn", "of a reader who was forgotten since"
"""Reasons why a row is rightly not taken."""
NOT_KNOWN, NONE_KNOWN = "article not known", "none of the shown articles has text"
"""Reasons why a row is not taken that speak of articles which were not imported."""
_IDS_ADVICE = (
    " If articles are not known, import them first, or name the column with their ids, as in "
    "`--column clicks.news_id=article_id`."
)


@dataclass
class ImportReport:
    """The account of one import, for the terminal (`str`) and for a file (`to_dict`)."""

    taken: dict[str, int] = field(default_factory=dict)
    "Rows taken, by table: news, users, clicks, impressions-<split>."
    replaced: dict[str, int] = field(default_factory=dict)
    "How many of the rows taken replaced an older row with the same id."
    skipped: Counter[str] = field(default_factory=Counter)
    "Rows not taken, by 'table: reason'."
    notes: Counter[str] = field(default_factory=Counter)
    "Rows taken although a value was changed, left out or doubtful, by 'table: what'."
    examples: dict[str, str] = field(default_factory=dict)
    "For a key of `skipped` or `notes` the first value that was found, and what was expected there."
    unknown_ids: int = 0
    "How many ids in histories, clicks and impressions belong to no known article, each id counted once."
    unknown_mentions: int = 0
    "How often these unknown ids are named, in all."
    titles_made: int = 0
    "Articles without a title that got the first sentence of their abstract or body."
    left_out: dict[str, list[str]] = field(default_factory=dict)
    "Columns of the source from which nothing was taken, by table."
    empty: list[str] = field(default_factory=list)
    "Files that have columns and not one row."
    first: datetime | None = None
    "Earliest publication, click or impression taken, UTC."
    last: datetime | None = None
    "Latest publication, click or impression taken, UTC."

    def skip(self, table: str, reason: SkipRow) -> None:
        """Count a row of a table that is not taken; the first example of each reason is kept."""
        key = f"{table}: {reason}"
        self.skipped[key] += 1
        if reason.example:
            self.examples.setdefault(key, reason.example)

    def note(self, key: str, example: str = "") -> None:
        """Count a row that is taken, and what was changed or is doubtful in it, as "table: what"."""
        self.notes[key] += 1
        if example:
            self.examples.setdefault(key, example)

    def new(self, table: str) -> int:
        """Return how many rows of a table were not there before."""
        return self.taken.get(table, 0) - self.replaced.get(table, 0)

    def leave_out(self, table: str, names: Iterable[str]) -> None:
        """Note columns of a table's source from which nothing is taken."""
        listed = self.left_out.setdefault(table, [])
        listed += [name for name in names if name not in listed]

    def require_rows(self, path: Path, advice: str) -> None:
        """Raise CorpusError if a table has rows of which not one was taken, or if there was no row at all.

        The message names `path`, why rows were skipped, and `advice`. Rows that are rightly not taken, since the corpus
        has them or since they are withdrawn, make an error only where nothing else was taken.
        """
        if any(key.endswith((NOT_KNOWN, NONE_KNOWN)) for key in self.skipped):
            advice += _IDS_ADVICE
        if not any(self.taken.values()):
            reasons = "; ".join(self._counted(self.skipped, ""))
            reasons = reasons or "; ".join(f"{name} has columns and no row" for name in self.empty) or "no rows"
            raise CorpusError(f"{path}: not one row was taken ({reasons}). {advice}")
        lost = {table: self._lost(table) for table, count in self.taken.items() if not count}
        if lost := {table: reasons for table, reasons in lost.items() if reasons}:
            reasons = "; ".join(line for counts in lost.values() for line in self._counted(counts, ""))
            raise CorpusError(f"{path}: not one row of {' or '.join(lost)} was taken ({reasons}). {advice}")

    def _lost(self, table: str) -> Counter[str]:
        """Return the skipped rows of a table that should have been taken."""
        rightly = [f"{table}: {reason}" for reason in (DUPLICATE_CLICK, IS_WITHDRAWN, FORGOTTEN)]
        found = {key: n for key, n in self.skipped.items() if key.startswith(f"{table}: ") and key not in rightly}
        return Counter(found)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as values that JSON can hold; times in ISO 8601."""
        return {
            "taken": dict(self.taken),
            "new": {table: self.new(table) for table in self.taken},
            "replaced": {table: self.replaced.get(table, 0) for table in self.taken},
            "skipped": dict(self.skipped.most_common()),
            "notes": dict(self.notes.most_common()),
            "examples": self.examples,
            "unknown_ids": self.unknown_ids,
            "unknown_mentions": self.unknown_mentions,
            "titles_made": self.titles_made,
            "left_out": {table: names for table, names in self.left_out.items() if names},
            "empty": self.empty,
            "first": self.first.isoformat() if self.first else None,
            "last": self.last.isoformat() if self.last else None,
        }

    def __str__(self) -> str:
        """Write the report as aligned plain text, several lines without a final newline."""
        lines = [("table", "taken", "new", "replaced")]
        lines += [
            (table, f"{count:,}", f"{self.new(table):,}", f"{self.replaced.get(table, 0):,}")
            for table, count in self.taken.items()
        ]
        width = max(len(line[0]) for line in lines)
        text = [f"{name:<{width}} {taken:>12} {new:>12} {replaced:>12}" for name, taken, new, replaced in lines]
        return "\n".join([*text, *self._remarks(), *self._skips()])

    def _remarks(self) -> list[str]:
        remarks = [f"empty: {name} has columns and no row" for name in self.empty]
        if self.first and self.last:
            remarks.append(f"dates: {self.first:%Y-%m-%d %H:%M} to {self.last:%Y-%m-%d %H:%M} UTC")
        if self.unknown_ids:
            remarks.append(
                f"unknown ids: {self.unknown_ids:,} without an article, named {_times(self.unknown_mentions)}"
            )
        if self.titles_made:
            remarks.append(f"titles: {self.titles_made:,} made of the first sentence of the text")
        for table, names in self.left_out.items():
            if names:
                advice = f" (keep them: --keep {','.join(names)})" if table == "news" else ""
                remarks.append(one_line(f"columns of {table} that were not taken: {', '.join(names)}{advice}"))
        if self.notes:
            remarks += ["taken, but note:", *self._counted(self.notes, ">12")]
        return remarks

    def _skips(self) -> list[str]:
        if not self.skipped:
            return ["skipped: nothing"]
        total = self.skipped.total()
        return [
            f"skipped: {total:,} row{'s' if total > 1 else ''}",
            *self._counted(self.skipped, ">12"),
        ]

    def _counted(self, counts: Counter[str], width: str) -> list[str]:
        examples = {key: f" ({example})" for key, example in self.examples.items()}
        gap = "  " if width else " "
        return [f"{count:{width},}{gap}{key}{examples.get(key, '')}" for key, count in counts.most_common()]


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"
