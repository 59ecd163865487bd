"""Entries of the journal: how each is read and checked, and what several of them come to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from broadsheet.errors import ContractError
from broadsheet.tables.arrow_files import read_stamp, read_table
from broadsheet.tables.live_schemas import WITHDRAWN, late_news
from broadsheet.tables.vectors import vectors_to_numpy

_LATER = ("kept", "embargo_until", "expires_at")
"""Columns of articles that entries of earlier versions do not have."""


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
            times = withdrawal_times(table)
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


def withdrawal_times(table: pa.Table) -> dict[str, datetime]:
    """Return when each id of a table withdrawn was withdrawn."""
    return dict(zip(table.column("news_id").to_pylist(), table.column("time").to_pylist(), strict=True))


def _read(entry: Entry, schema: pa.Schema, stamp: dict[str, str]) -> pa.Table:
    table = read_table(entry.path, schema, sequence=str(entry.sequence))
    if digest_of(table) != stamp.get("sha256"):
        raise ValueError("its rows are not those of its SHA-256")
    return table


def digest_of(table: pa.Table) -> str:
    """Return the SHA-256 of a table's values, vectors included."""
    rows = table.select([name for name in table.column_names if name != "vector"]).to_pylist()
    for row in rows:
        for name in [name for name in _LATER if name in row and not row[name]]:
            del row[name]  # entries of the versions before have no such column
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
