"""A small table that readers change themselves: one row a reader, seen by every process from its next call on.

Such a table lies in the folder `readers` of a newsroom, beside the publisher's own table of users. The users table is
copied into each edition and into each running process; what a reader changes here holds at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.errors import ContractError, InputError
from broadsheet.newsroom.notes import read_note, write_note
from broadsheet.readers.watched_file import Watched
from broadsheet.tables.arrow_files import from_rows, read_table, write_table
from broadsheet.tables.locks import locked
from broadsheet.tables.values import SkipRow, checked_id

Row = Mapping[str, Any]

_LOCK = ".lock"


class ReaderRows:
    """A table with one row for each of its readers, looked up by reader."""

    def __init__(self, table: pa.Table) -> None:
        """Take a table with a column `user_id`, in which no reader stands twice."""
        self._table = table
        self._row_of = {user_id: row for row, user_id in enumerate(table.column("user_id").to_pylist())}

    def __contains__(self, user_id: str) -> bool:
        return user_id in self._row_of

    def __iter__(self) -> Iterator[str]:
        """Yield the readers, in the order of the table."""
        return iter(self._row_of)

    def of(self, user_id: str) -> Row:
        """Return a reader's row; an empty mapping for a reader without a row."""
        row = self._row_of.get(user_id)
        if row is None:
            return {}
        found: Row = self._table.slice(row, 1).to_pylist()[0]
        return found


View = TypeVar("View")


class OwnTable(Generic[View]):
    """The table in one file as it is now; safe to share between threads, and to change from several processes."""

    def __init__(self, path: Path, schema: pa.Schema, look_up: Callable[[pa.Table], View]) -> None:
        """Take the file in a newsroom's folder `readers`, and `look_up`, which makes of the table what a call returns.

        The file need not be there if no reader ever changed it.
        """
        self._path, self._schema, self._look_up = path, schema, look_up
        self._note = path.parents[1] / "notes" / path.name
        self._was_there = False
        self._watched = Watched(path, self._look, lambda: look_up(self._absent()))

    def __call__(self) -> View:
        """Return the table as `look_up` shows it, read again where the file has changed.

        Raises ContractError if the file is damaged, or missing though a reader once changed it: to take it for empty
        would undo what readers chose.
        """
        return self._watched()

    def _look(self, path: Path) -> View:
        table = _read(path, self._schema)
        self._was_there = True
        return self._look_up(table)

    def _absent(self) -> pa.Table:
        """Return a table without rows if no reader ever changed anything here; else raise ContractError."""
        if self._was_there or read_note(self._note) is not None:
            raise ContractError(
                f"{self._path}: missing, though readers' choices were written to it. Restore this file from a copy. "
                f"If there is no copy, delete {self._note} and restart what has the newsroom open: then the choices of "
                "all readers in the file are lost."
            )
        return self._schema.empty_table()

    def change(self, user_id: str, change: Callable[[Row], Row]) -> View:
        """Replace a reader's row by what `change` makes of it; on the disk when the call returns.

        `change` gets the row, or an empty mapping where the reader has none, and returns the new row without its
        `user_id`; an empty mapping removes the row. A row that stays as it was is not written again. Returns the table
        as it is after the change. Raises InputError for a user_id that cannot be an id, ContractError if the file is
        damaged or missing, as a call does.
        """
        try:
            user_id = checked_id(user_id)  # as a request reads it: without blanks at its ends
        except SkipRow as reason:
            raise InputError(f"user: {reason}, expected the id of a reader. Nothing was changed.") from reason
        self._path.parent.mkdir(exist_ok=True)
        with locked(self._path.with_name(_LOCK)):  # not the newsroom's lock, which a build holds for hours
            _unlink_parts(self._path.parent)
            table = _read(self._path, self._schema) if self._path.is_file() else self._absent()
            before = ReaderRows(table).of(user_id)
            after = change(before)
            after = {**after, "user_id": user_id} if after else {}
            if after != before:
                others = table.filter(pc.not_equal(table.column("user_id"), user_id))
                table = pa.concat_tables([others, from_rows([after] if after else [], self._schema)])
                write_table(self._path, table, self._schema)
            if self._path.is_file():
                write_note(self._note)  # after the table, so that a killed call leaves no note of what is not there
        return self._look_up(table)


def remove_unfinished(folder: Path) -> None:
    """Remove what killed calls left of readers' words and choices in the folder of such tables, if it is there."""
    if folder.is_dir():
        with locked(folder / _LOCK):
            _unlink_parts(folder)


def _unlink_parts(folder: Path) -> None:
    """Remove files in work; under the lock nobody else works on them."""
    for part in folder.glob(".*.part"):
        part.unlink()


def _read(path: Path, schema: pa.Schema) -> pa.Table:
    """Read a table that only readers change; its errors do not advise a build, which could not bring it back."""
    try:
        return read_table(path, schema)
    except ContractError as error:
        found = str(error).removesuffix(" Build or import it again.").replace("; build or import it again.", ".")
        raise ContractError(
            f"{found} Restore this file from a copy. If there is no copy, delete it and its note "
            f"{path.parents[1] / 'notes' / path.name}: then the choices of all readers in it are lost."
        ) from error
