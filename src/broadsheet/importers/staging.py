"""Files on their way into the corpus: rows written in batches beside the old table, looked through, merged with it."""

from collections.abc import Collection, Mapping
from contextlib import ExitStack, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.importers.clicks.busy_readers import MOST_A_DAY, busy_readers
from broadsheet.importers.clicks.histories import fill_histories
from broadsheet.importers.report import ImportReport
from broadsheet.newsroom import Newsroom
from broadsheet.newsroom.journal import CARRIED, WITHDRAWN_BY
from broadsheet.tables.arrow_files import from_rows, open_writer, read_stamp, read_table
from broadsheet.tables.event_schemas import HELD
from broadsheet.tables.schemas import CLICKS, IMPRESSIONS
from broadsheet.tables.values import SkipRow

_BATCH_ROWS = 2000


class Staged:
    """The rows that one import takes for one table; they lie in a file of the staging folder, not in memory."""

    def __init__(self, folder: Path, target: Path, schema: pa.Schema, key: str) -> None:
        """Stage rows for `target`; `key` is the column whose rows replace each other, or empty."""
        self.target, self.schema, self.key = target, schema, key
        self.path = folder / f"staged-{target.name}"
        self.taken = 0
        self.keys: set[str | int] = set()
        "The keys that were claimed: ids of rows, or hashes of clicks."
        self.times: list[datetime] = []
        "Earliest and latest time of each batch."
        self._pending: list[dict[str, Any]] = []
        self._stack = ExitStack()
        self._writer = self._stack.enter_context(open_writer(self.path, schema))

    def claim(self, key: str | int, reason: str = "duplicate id") -> None:
        """Reserve an id for one row; raises SkipRow if it is taken."""
        if key in self.keys:
            raise SkipRow(reason)
        self.keys.add(key)

    def add(self, row: dict[str, Any]) -> None:
        """Take a row that has passed all checks."""
        self.taken += 1
        self._pending.append(row)
        if len(self._pending) >= _BATCH_ROWS:
            self._flush()

    def finish(self) -> None:
        """Write what is pending and close the file."""
        self._flush()
        self._stack.close()

    def abandon(self) -> None:
        """Let go of the file in whatever state it is."""
        with suppress(OSError, pa.ArrowException):  # a full disk fails again at the footer, and the file goes anyway
            self._stack.close()

    def _flush(self) -> None:
        if not self._pending:
            return
        table = from_rows(self._pending, self.schema)
        self._pending.clear()
        self._writer.write(table)
        column = "published_at" if "published_at" in table.column_names else "time"
        if column in table.column_names and table.column(column).null_count < len(table):
            self.times += pc.min_max(table.column(column)).as_py().values()


def merge(staged: Staged) -> tuple[Path, int]:
    """Return the file of the old and the staged rows, and how many old rows were replaced by staged rows.

    Old rows stay in their order and staged rows follow. Both are read a batch at a time. The new file keeps the
    old file's stamps of how much of the journal and of the event store it holds. Raises ContractError if the old file
    is damaged.
    """
    if not staged.target.exists():
        return staged.path, 0
    merged, replaced = staged.path.with_name(staged.target.name), 0
    stamp = {name: value for name, value in read_stamp(staged.target).items() if name in (CARRIED, WITHDRAWN_BY, HELD)}
    with open_writer(merged, staged.schema, **stamp) as writer:
        for batch in read_table(staged.target, staged.schema).to_batches():
            if staged.key:
                keep = pa.array([key not in staged.keys for key in batch.column(staged.key).to_pylist()], pa.bool_())
                replaced += len(batch) - keep.true_count
                batch = batch.filter(keep)
            if len(batch):
                writer.write(batch)
        for batch in read_table(staged.path, staged.schema).to_batches():
            writer.write(batch)
    return merged, replaced


def look_through(
    staged: Mapping[str, Staged],
    without_history: Mapping[str, Collection[str]],
    newsroom: Newsroom,
    report: ImportReport,
) -> None:
    """Fill the histories of staged impressions; note how many, and readers who click more than a person.

    `without_history` has for each table of impressions the ids of the impressions without a history.
    Histories are made of the newsroom's clicks and of the staged clicks.
    """
    clicks = [path for path in (newsroom.clicks, staged["clicks"].path) if path.exists()]
    for table, rows in staged.items():
        if rows.schema is IMPRESSIONS and (without := without_history.get(table)):
            filled, empty = fill_histories(rows.path, without, clicks)
            notes = {
                f"{table}: no history given, made of the reader's earlier clicks": filled,
                f"{table}: no history given and no earlier click known, so the history is empty": empty,
            }
            report.notes.update({key: count for key, count in notes.items() if count})
    if staged["clicks"].taken:
        busy = busy_readers(read_table(staged["clicks"].path, CLICKS))
        if busy.readers:
            key = f"clicks: of readers with more than {MOST_A_DAY:,} events in a day, who may be programs"
            report.notes[key] = busy.events
            report.examples[key] = f"{busy.readers:,} reader{'s' if busy.readers > 1 else ''}, {busy.example}"
