"""The journal of what is added and withdrawn between nights: one Arrow file for each acknowledged call.

`live/<sequence>-add.arrow` holds articles with their vectors, `live/<sequence>-withdraw.arrow` ids. A file is whole or
not there: a call that has returned is on the disk, and a call that was killed has not happened. Numbers rise without a
gap. They are given under a lock of this folder, since a build holds the newsroom's lock for hours.

The manifest of an edition names the last entry that the edition holds; the stamp of the news table names the last entry
that the corpus holds. To apply an entry twice changes nothing. An entry is removed once every edition holds it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from pathlib import Path

import pyarrow as pa
from filelock import FileLock

from broadsheet.errors import ContractError, NewsroomError
from broadsheet.newsroom.edition import Edition
from broadsheet.newsroom.newsroom import Newsroom
from broadsheet.tables.arrow_files import read_stamp, read_table, write_table
from broadsheet.tables.files import full_disk_as, is_settled, sync_folder
from broadsheet.tables.live_schemas import WITHDRAWN, late_news
from broadsheet.tables.vectors import vectors_to_numpy

NAME = re.compile(r"(\d{12})-(add|withdraw)\.arrow")
CARRIED = "live"
"""Stamp of a news table and key of a manifest; its value is the number of the last entry held."""
_FULL_ADVICE = "Nothing was added or withdrawn. Free some space and try again."


@dataclass(frozen=True)
class Entry:
    """One acknowledged call."""

    sequence: int
    kind: str
    "add or withdraw."
    path: Path


@dataclass(frozen=True)
class Changes:
    """The result of entries, applied in order: each id is either among the added articles or among the withdrawn."""

    added: pa.Table | None
    "Articles, in the columns that the entries were read with; None if no entry adds."
    withdrawn: dict[str, datetime]
    "When each id was withdrawn."


class Journal:
    """The journal of a newsroom."""

    def __init__(self, newsroom: Newsroom) -> None:
        self._newsroom, self.folder = newsroom, newsroom.live

    def entries(self, after: int = 0) -> list[Entry]:
        """Return the entries with a higher number than `after`, oldest first."""
        try:
            names = os.listdir(self.folder)  # noqa: PTH208 - half the time of Path.iterdir
        except FileNotFoundError:
            return []
        found = [Entry(int(name[1]), name[2], self.folder / name[0]) for name in map(NAME.fullmatch, names) if name]
        return sorted((entry for entry in found if entry.sequence > after), key=attrgetter("sequence", "kind"))

    def modified(self) -> int | None:
        """Return a number that changes whenever an entry comes or goes; None, for unknown, just after a change."""
        try:
            changed = self.folder.stat().st_mtime_ns
        except FileNotFoundError:
            return 0
        return changed if is_settled(changed) else None

    def add(self, articles: pa.Table, model: str) -> None:
        """Write the entry of articles with their vectors, a table late_news, made by the model of this fingerprint."""
        dim = articles.schema.field("vector").type.list_size
        self._append("add", articles, late_news(dim), model=model, dim=str(dim))

    def withdraw(self, withdrawn: pa.Table) -> None:
        """Write the entry of a table withdrawn."""
        self._append("withdraw", withdrawn, WITHDRAWN)

    def carried(self) -> int:
        """Return the number of the last entry that the corpus or an edition holds; 0 for none."""
        found = [carried_by(self._newsroom.news)]
        for edition in self._newsroom.editions():
            with suppress(NewsroomError):
                found.append(held_by(edition))
        return max(found)

    def remove_carried(self) -> None:
        """Remove the entries that every complete edition holds, oldest first, and what killed writers left.

        Where a manifest cannot be read, all entries stay.
        """
        if not self.folder.is_dir():
            return
        held = 0
        with suppress(NewsroomError):
            held = min((held_by(edition) for edition in self._newsroom.editions()), default=0)
        with self._lock():
            for part in self.folder.glob(".*.part"):
                part.unlink()
            for entry in self.entries():
                if entry.sequence <= held:
                    entry.path.unlink()

    def _append(self, kind: str, table: pa.Table, schema: pa.Schema, **stamp: str) -> None:
        if not self.folder.is_dir():
            self.folder.mkdir(exist_ok=True)
            sync_folder(self._newsroom.path)
        with self._lock(), full_disk_as(NewsroomError, self.folder, _FULL_ADVICE):
            entries = self.entries()
            number = (entries[-1].sequence if entries else self.carried()) + 1
            path = self.folder / f"{number:012d}-{kind}.arrow"
            write_table(path, table, schema, sequence=str(number), sha256=_digest(table), **stamp)

    def _lock(self) -> FileLock:
        return FileLock(self.folder / ".lock")


def read_added(entry: Entry) -> tuple[pa.Table, str]:
    """Return the articles of an entry, a table late_news, and the fingerprint of the model that made their vectors.

    Raises ContractError if the file is not as it was written.
    """
    with _named_if_damaged(entry):
        stamp = read_stamp(entry.path)
        return _read(entry, late_news(int(stamp.get("dim", "0"))), stamp), stamp["model"]


def read_withdrawal(entry: Entry) -> pa.Table:
    """Return the table withdrawn of an entry; raises ContractError if the file is not as it was written."""
    with _named_if_damaged(entry):
        return _read(entry, WITHDRAWN, read_stamp(entry.path))


def read_withdrawn(newsroom: Newsroom) -> dict[str, datetime]:
    """Return what the corpus knows as withdrawn, and since when."""
    if not newsroom.withdrawn.is_file():
        return {}
    return _times(read_table(newsroom.withdrawn, WITHDRAWN))


def carried_by(news: Path) -> int:
    """Return the number of the last entry that a news table holds; 0 if it holds no entry or is missing."""
    return int(read_stamp(news).get(CARRIED, 0)) if news.is_file() else 0


def held_by(edition: Edition) -> int:
    """Return the number of the last entry that an edition holds, or 0; raises NewsroomError without a manifest."""
    return int(edition.read_manifest().get(CARRIED, 0))


def read_changed_ids(entries: Sequence[Entry]) -> Changes:
    """Return the result of entries, of added articles their ids alone; ContractError if an entry is damaged."""
    return read_changes(entries, lambda articles, _: articles.select(["news_id"]))


def read_changes(entries: Sequence[Entry], prepare: Callable[[pa.Table, str], pa.Table]) -> Changes:
    """Return the result of entries; `prepare` gets the articles and the model of each and returns the table to keep.

    Raises ContractError if an entry is damaged.
    """
    return fold(
        [
            (entry.kind, prepare(*read_added(entry)) if entry.kind == "add" else read_withdrawal(entry))
            for entry in entries
        ]
    )


def fold(tables: Sequence[tuple[str, pa.Table]]) -> Changes:
    """Return the result of entries, given as kind and table, oldest first: the last entry that names an id counts.

    Added articles are in the order in which each was added last.
    """
    place: dict[str, int] = {}
    withdrawn: dict[str, datetime] = {}
    rows = 0
    for kind, table in tables:
        if kind == "withdraw":
            times = _times(table)
            withdrawn |= times
            for news_id in times:
                place.pop(news_id, None)
            continue
        for number, news_id in enumerate(table.column("news_id").to_pylist(), rows):
            place[news_id] = number
            withdrawn.pop(news_id, None)
        rows += len(table)
    added = [table for kind, table in tables if kind == "add"]
    last = pa.array(sorted(place.values()), pa.int64())
    return Changes(pa.concat_tables(added).combine_chunks().take(last) if added else None, withdrawn)


def _times(table: pa.Table) -> dict[str, datetime]:
    return dict(zip(table.column("news_id").to_pylist(), table.column("time").to_pylist(), strict=True))


def _read(entry: Entry, schema: pa.Schema, stamp: dict[str, str]) -> pa.Table:
    table = read_table(entry.path, schema, sequence=str(entry.sequence))
    table.validate(full=True)
    if _digest(table) != stamp.get("sha256"):
        raise ValueError("its rows are not those of its SHA-256")
    return table


def _digest(table: pa.Table) -> str:
    """Return the SHA-256 of a table's values: Arrow files have no checksum of their own."""
    rows = table.select([name for name in table.column_names if name != "vector"]).to_pylist()
    for row in rows:
        if not row.get("kept", True):
            del row["kept"]  # entries of the version before have no such column
    found = hashlib.sha256(json.dumps(rows, default=str).encode())
    if "vector" in table.column_names:
        found.update(vectors_to_numpy(table).tobytes())
    return found.hexdigest()


@contextmanager
def _named_if_damaged(entry: Entry) -> Iterator[None]:
    try:
        yield
    except (ValueError, KeyError, OSError) as error:  # ContractError and pyarrow's own are ValueErrors
        raise ContractError(
            f"{entry.path}: not the entry that was written ({error}). Restore it, or delete it and "
            f"{entry.kind} its articles again."
        ) from error
