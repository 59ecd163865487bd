"""What callers hand over from Python, taken as they mean it: whole numbers, ids, rows and newsrooms."""

import os
from collections.abc import Iterable, Iterator, Mapping
from operator import index
from pathlib import Path
from typing import Any

from broadsheet.errors import InputError
from broadsheet.newsroom.newsroom import Newsroom
from broadsheet.tables.values import SkipRow, checked_id
from broadsheet.text import one_line, shortened

MOST_STORIES = 1000
"""Most stories of a page, so that the time of a request is bounded whatever a reader asks for."""
_LONGEST = 80
"""Most characters of a wrong value that a message repeats."""


def shown(value: object) -> str:
    """Return a wrong value as a message shows it: its repr, shortened."""
    try:
        return shortened(one_line(repr(value)), _LONGEST)
    except Exception:  # a repr of the caller's own, or a whole number of more digits than Python writes
        return f"a value of type {type(value).__name__}"


def whole_number(value: object, name: str, expected: str) -> int:
    """Return a whole number, also one of numpy's, as an int; raises InputError for anything else, True among it."""
    try:
        if isinstance(value, bool) or type(value).__name__.startswith("bool"):
            raise TypeError
        return index(value)  # type: ignore[arg-type]  # whatever is no whole number raises TypeError
    except TypeError:
        raise InputError(f"{name}: found {shown(value)}, expected {expected}.") from None


def most_stories(k: object, articles: int) -> int:
    """Return k, or the number of articles or MOST_STORIES if that is less.

    Raises InputError if k is no number of stories.
    """
    expected = "the number of stories on the page, 1 or more"
    number = whole_number(k, "k", expected)
    if number < 1:
        raise InputError(f"k: found {shown(number)}, expected {expected}.")
    return min(number, articles, MOST_STORIES)


def given_id(value: object, name: str) -> str:
    """Return an id as text; a whole number is taken as an import takes it. Raises InputError for anything else."""
    try:
        return checked_id(_plain(value))
    except SkipRow as reason:
        raise InputError(f"{name}: found {shown(value)} ({reason}), expected the id of a reader or article.") from None


def given_ids(values: object, name: str) -> list[str]:
    """Return ids from anything that yields them: a list, a generator, a column of pandas, numpy or pyarrow.

    Raises InputError for a text, which is one id, for a mapping or a table, and for a value that cannot be an id.
    """
    return [given_id(value, name) for value in _listed(values, name, "a list of ids, such as ['maya', 'tom']")]


def given_names(values: object, name: str) -> list[str]:
    """Return names, such as those of categories or columns, from anything that yields texts.

    Raises InputError for a single text, whose letters are no names, for a mapping or a table, and for what is no text.
    """
    expected = "a list of names, each a text"
    names = _listed(values, name, expected)
    if wrong := [value for value in names if not isinstance(value, str)]:
        raise InputError(f"{name}: found {shown(wrong[0])}, expected {expected}.")
    return [str(value) for value in names]


def given_rows(rows: object, name: str) -> Iterator[Mapping[str, Any]]:
    """Yield rows as mappings from column to value, from mappings or from a table of pandas, polars or pyarrow.

    A single mapping is one row. Raises InputError for anything else; the rows of a list are checked as they come.
    """
    for make in ("to_pylist", "to_dicts"):  # pyarrow, polars
        if hasattr(rows, make):
            return iter(getattr(rows, make)())
    if hasattr(rows, "to_dict") and hasattr(rows, "columns"):  # pandas, whose missing values are NaN and NaT
        table: Any = rows
        found = table.astype(object).where(table.notna(), None).to_dict("records")
        return (_checked_row(row, number, name) for number, row in enumerate(found, 1))
    if isinstance(rows, Mapping):
        return iter([_one_row(rows, name)])
    if isinstance(rows, str | bytes | os.PathLike) or not isinstance(rows, Iterable):
        hint = " A file is added by `broadsheet add`." if isinstance(rows, str | os.PathLike) else ""
        raise InputError(
            f"{name}: found {shown(rows)}, expected rows: mappings from column to value, or a table of pandas, polars "
            f"or pyarrow.{hint}"
        )
    return (_checked_row(row, number, name) for number, row in enumerate(rows, 1))


def given_newsroom(newsroom: object) -> Newsroom:
    """Return a newsroom as it is, or that of a folder; raises InputError for what cannot be the name of a folder."""
    if isinstance(newsroom, Newsroom):
        return newsroom
    if not isinstance(newsroom, str | os.PathLike) or not str(newsroom) or "\0" in str(newsroom):
        raise InputError(f"newsroom: found {shown(newsroom)}, expected the path of a folder, such as 'newsroom'.")
    return Newsroom(Path(newsroom))


def require_outside(newsroom: Newsroom, out: Path) -> None:
    """Raise InputError if `out`, which the user named for output, lies among the editions, which never change."""
    if out.resolve().is_relative_to(newsroom.editions_folder.resolve()):
        raise InputError(
            f"out {out}: found a place inside {newsroom.editions_folder}, where no file may change. Name a place "
            "outside it."
        )


def _listed(values: object, name: str, expected: str) -> list[object]:
    is_table = hasattr(values, "columns") or hasattr(values, "column_names")
    if is_table or isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        raise InputError(f"{name}: found {shown(values)}, expected {expected}.")
    return [_plain(value) for value in values]


def _plain(value: object) -> object:
    """Return a scalar or an array of numpy or pyarrow as Python's own value."""
    scalar = getattr(value, "item", None) if getattr(value, "ndim", 1) == 0 else getattr(value, "tolist", None)
    make = getattr(value, "as_py", None) or scalar
    return make() if callable(make) else value


def _one_row(row: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    if any(isinstance(value, list | tuple) for value in row.values()):
        raise InputError(
            f"{name}: found a mapping whose values are lists, expected one row, or a list of rows: "
            "[{'news_id': 'N1', 'title': '...'}, ...]."
        )
    return _checked_row(row, 1, name)


def _checked_row(row: object, number: int, name: str) -> Mapping[str, Any]:
    if not isinstance(row, Mapping):
        raise InputError(
            f"{name}: found {shown(row)} as row {number}, expected a mapping from column to value. Nothing was added."
        )
    return {column: _plain(value) for column, value in row.items()}
