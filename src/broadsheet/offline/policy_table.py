"""A log for off-policy evaluation read from a file of any kind: Parquet, JSON, CSV or Arrow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from broadsheet.errors import CorpusError, InputError
from broadsheet.importers.files.file_rows import column_names, read_rows
from broadsheet.offline.estimators import Decisions, Pages, read_decisions, read_pages

COLUMNS = (
    *("page_id", "slot", "user_id", "news_id", "reward", "propensity", "evaluation"),
    *("conditional", "evaluation_conditional", "predicted", "expected"),
    *("candidates", "candidate_evaluation", "candidate_propensity", "candidate_clusters"),
)
"""The columns that are read."""


def read_log(path: Path, columns: Mapping[str, str] | None = None) -> Decisions | Pages:
    """Return the log in a file: of pages if it has the columns page_id and slot, of single decisions otherwise.

    `columns` says what our columns are called in the file, by our name. Raises InputError if a name is not one of
    COLUMNS or a column is missing, CorpusError if the file cannot be read, and InputError for a row that cannot be
    read: a log without some of its rows would be another log.
    """
    named = dict(columns or {})
    if unknown := [name for name in named if name not in COLUMNS]:
        raise InputError(f"columns: found {', '.join(unknown)}, expected some of {', '.join(COLUMNS)}.")
    there = _names(path)
    if missing := [name for name in named.values() if name not in there]:
        raise InputError(f"{path}: found no column {', '.join(missing)}; the columns are {', '.join(there)}.")
    pages = {"page_id", "slot"} <= {*there, *named}
    needed = ["reward"] if pages else ["reward", "propensity", "evaluation"]
    if missing := [name for name in needed if named.get(name, name) not in there]:
        raise InputError(
            f"{path}: found no column {', '.join(missing)}; the columns are {', '.join(there)}. Say what it is called, "
            f"such as --column {missing[0]}=THEIRS."
        )
    theirs = {name: named.get(name, name) for name in COLUMNS}
    wanted = {ours: name for ours, name in theirs.items() if name in there}
    values = _values(path, list(wanted.values()))
    table = {ours: values[name] for ours, name in wanted.items()}
    return read_pages(table) if pages else read_decisions(table)


def _names(path: Path) -> list[str]:
    return _arrow(path).column_names if path.suffix == ".arrow" else column_names(path)


def _values(path: Path, names: list[str]) -> dict[str, list[Any]]:
    if path.suffix == ".arrow":
        return {name: _arrow(path).column(name).to_pylist() for name in names}
    skipped: Counter[str] = Counter()
    rows = list(read_rows(path, names, lambda reason: skipped.update([reason])))
    if skipped:
        said = ", ".join(f"{reason} ({count:,})" for reason, count in skipped.items())
        raise InputError(f"{path}: found rows that cannot be read: {said}. Mend them; no row of a log may be missing.")
    return {name: [None if (value := row.get(name)) == "" else value for row in rows] for name in names}


def _arrow(path: Path) -> pa.Table:
    try:
        with pa.memory_map(str(path)) as file:
            return pa.ipc.open_file(file).read_all()
    except (OSError, pa.ArrowInvalid) as error:
        raise CorpusError(f"{path}: not readable as an Arrow file ({error}). Write it again.") from error
