"""Which rows of a table are of forgotten readers, and tables without these rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.tables.arrays import Flags
from broadsheet.tables.arrow_files import read_stamp, read_table, write_table
from broadsheet.tables.fields import TIME

Find = Callable[[Iterable[str]], dict[str, datetime]]
"""Returns those of some readers who were forgotten, and until when."""


def readers_in(table: pa.Table) -> list[str]:
    """Return the readers in the column user_id of a table, each once."""
    found: list[str] = pc.unique(table["user_id"]).to_pylist()
    return found


def old_rows(table: pa.Table, until: Mapping[str, datetime]) -> Flags:
    """Return which rows are of these readers, and not after the time of each where the table has a column `time`."""
    places = pc.index_in(table["user_id"], value_set=pa.array(list(until), pa.string()))
    if "time" not in table.column_names:
        return np.asarray(places.is_valid())
    limits = pa.array(list(until.values()), TIME).take(places.combine_chunks())
    return np.asarray(pc.fill_null(pc.less_equal(table["time"], limits), False), np.bool_)


def without_rows(table: pa.Table, gone: Flags) -> pa.Table:
    """Return a table without some of its rows."""
    return table.filter(pa.array(~gone))


def rewrite(path: Path, schema: pa.Schema, table: pa.Table, target: Path | None = None) -> None:
    """Write a table with the stamps of the table in a file: in place of that file, or to a `target`."""
    stamps = {name: value for name, value in read_stamp(path).items() if name not in ("table", "version")}
    write_table(path if target is None else target, table, schema, **stamps)


def drop_readers(path: Path, schema: pa.Schema, find: Find, target: Path | None = None) -> int:
    """Take the rows of forgotten readers out of a table's file, and return how many; no row, and the file stays.

    With a `target`, the file stays and the other rows go to the target, if there was a row to take out.
    """
    table = read_table(path, schema)
    gone = old_rows(table, find(readers_in(table)))
    if gone.any():
        rewrite(path, schema, without_rows(table, gone), target)
    return int(gone.sum())
