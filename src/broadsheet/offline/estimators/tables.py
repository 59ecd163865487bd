"""Columns of a plain table as arrays: of pandas, polars, pyarrow, or a mapping from names to arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from broadsheet.errors import InputError
from broadsheet.tables.arrays import Floats, Integers
from broadsheet.tables.values import is_missing


def column_names(table: object) -> list[str]:
    """Return the names of a table's columns; raises InputError for what is no table."""
    if isinstance(table, Mapping):
        return [str(name) for name in table]
    names = getattr(table, "column_names", None)
    names = getattr(table, "columns", None) if names is None else names
    if names is None or isinstance(names, str):
        raise InputError(
            f"log: found {type(table).__name__}, expected a table of pandas, polars or pyarrow, or a mapping from "
            "names of columns to arrays."
        )
    return [str(name) for name in names]


def values_of(table: Any, name: str) -> list[Any] | np.ndarray[Any, Any]:  # noqa: ANN401
    """Return a column as an array of numbers, or as a list of Python's own values."""
    column = table[name]
    if hasattr(column, "to_pylist"):  # pyarrow
        return _plain(column.to_pylist())
    if isinstance(column, list | tuple):
        return _plain(list(column))
    found = column.to_numpy() if hasattr(column, "to_numpy") else np.asarray(column)
    if found.ndim == 1 and found.dtype.kind in "biuf":
        return np.asarray(found)
    return _plain(column.to_list() if hasattr(column, "to_list") else list(found))


def _plain(values: list[Any]) -> list[Any]:
    return [value.tolist() if hasattr(value, "tolist") else value for value in values]


def numbers(table: object, name: str) -> Floats:
    """Return a column of numbers, (rows,); what is missing is NaN. Raises InputError if a value is no number."""
    values = values_of(table, name)
    try:
        if isinstance(values, list):
            values = np.array([np.nan if is_missing(value) else float(value) for value in values], np.float64)
        return np.asarray(values, np.float64)
    except (TypeError, ValueError, OverflowError):
        wrong = next(value for value in values if not _is_number(value))
        raise InputError(f"column {name!r}: found {str(wrong)[:40]!r}, expected numbers.") from None


def _is_number(value: object) -> bool:
    try:
        return is_missing(value) or bool(np.isfinite(float(value))) or True  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return False


def numbered(table: object, name: str) -> Integers:
    """Return a column of ids as numbers from 0 on, (rows,): equal ids have equal numbers.

    Raises InputError if ids are missing, or are neither texts nor numbers.
    """
    values = _listed(table, name)
    if count := sum(map(_is_no_id, values)):
        raise InputError(f"column {name!r}: {count:,} of {len(values):,} rows have no id. Write the ids.")
    return _numbers_of(values, name)


def readers_of(table: object, name: str) -> Integers:
    """Return the readers of a column as numbers from 0 on, (rows,): a row without an id is a reader of its own.

    Raises InputError if an id is neither a text nor a number.
    """
    return _numbers_of([object() if _is_no_id(value) else value for value in _listed(table, name)], name)


def _listed(table: object, name: str) -> list[Any]:
    values = values_of(table, name)
    return values.tolist() if isinstance(values, np.ndarray) else values


def _is_no_id(value: object) -> bool:
    return is_missing(value) or (isinstance(value, str) and not value)


def _numbers_of(values: Sequence[Any], name: str) -> Integers:
    try:
        return number_ids(values)[0]
    except TypeError:
        wrong = next(value for value in values if isinstance(value, list | dict | set))
        raise InputError(f"column {name!r}: found {str(wrong)[:40]!r}, expected texts or numbers.") from None


def number_ids(ids: Sequence[Any] | np.ndarray[Any, Any]) -> tuple[Integers, dict[Any, int]]:
    """Return the number of each id, in the order of their first appearance, and the number of each different id."""
    places: dict[Any, int] = {}
    values = ids.tolist() if isinstance(ids, np.ndarray) else ids
    found = np.array([places.setdefault(value, len(places)) for value in values], np.int64)
    return found, places


def lists(table: object, name: str) -> list[list[Any]]:
    """Return a column of lists; raises InputError if a value is no list."""
    found = []
    for row, value in enumerate(values_of(table, name)):
        one = value.tolist() if hasattr(value, "tolist") else value
        if not isinstance(one, list | tuple):
            raise InputError(f"column {name!r}, row {row + 1}: found {str(value)[:40]!r}, expected a list.")
        found.append(list(one))
    return found
