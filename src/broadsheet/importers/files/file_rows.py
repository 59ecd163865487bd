"""Reading files of any kind as rows, by their suffix; a folder or a pattern stands for several files.

Values come as the file has them: texts from CSV, whatever JSON or Parquet hold. The caller says what they mean.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from broadsheet.errors import CorpusError, InputError, join_problems
from broadsheet.importers.files.bounds import Skip
from broadsheet.importers.files.delimited import delimited_rows, header
from broadsheet.importers.files.json_rows import json_keys, json_objects
from broadsheet.importers.files.parquet_rows import parquet_columns, parquet_rows
from broadsheet.importers.files.quotes import QUOTING

__all__ = ["QUOTING", "SUFFIXES", "Skip", "column_names", "read_rows"]

_PACKED = (".csv", ".tsv", ".jsonl", ".json")
SUFFIXES = (*(f"{suffix}{packed}" for suffix in _PACKED for packed in ("", ".gz")), ".parquet")


def column_names(path: Path, quoting: str = "auto") -> list[str]:
    """Return the columns of a file, or of all files of a folder or a pattern such as `clicks-*.csv`.

    A file of JSON is read whole for its keys. Raises CorpusError if a file is missing, empty or not of its kind,
    InputError if `quoting` is not one of QUOTING.
    """
    if quoting not in QUOTING:
        raise InputError(f"quoting: found {quoting!r}, expected {', '.join(QUOTING)}.")
    names: dict[str, None] = {}
    problems = []
    for file in _files(path):
        try:
            found = _columns_of(file, quoting)
            twice = sorted({name for name in found if name and found.count(name) > 1})
            problems += [f"{file}: column {name!r} is there twice" for name in twice]
            names.update(dict.fromkeys(found))
        except CorpusError as error:
            problems.append(str(error))
    if problems:
        raise CorpusError(join_problems(problems))
    return list(names)


def read_rows(path: Path, names: Sequence[str], skip: Skip, quoting: str = "auto") -> Iterator[dict[str, Any]]:
    """Yield rows as dictionaries with some of the columns; `skip` is told, row by row, why a row was not delivered.

    A row lacks the columns that its file does not have. Raises CorpusError if a file turns out to be damaged.
    """
    for file in _files(path):
        yield from _rows_of(file, names, skip, quoting)


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.name[0] not in "._")
        problem = f"{path}: a folder without files; expected files that end with {', '.join(SUFFIXES)}"
    elif not path.exists() and set(path.name) & set("*?["):
        files = sorted(file for file in path.parent.glob(path.name) if file.is_file())
        problem = f"{path}: no file has such a name"
    else:
        files, problem = [path], ""
    problems = [found for file in files if (found := _problem(file))] if files else [problem]
    if problems:
        raise CorpusError(join_problems(problems))
    return files


def _problem(file: Path) -> str:
    if file.is_dir():
        return f"{file}: a folder inside a folder, which is not read; name its files, such as '{file}/*'"
    if not file.name.lower().endswith(SUFFIXES):
        return f"{file}: the suffix is not one of {', '.join(SUFFIXES)}"
    if not file.is_file():
        return f"{file}: not a plain file" if file.exists() else f"{file}: no such file"
    return "" if file.stat().st_size else f"{file}: the file is empty"


def _kind(path: Path) -> str:
    return path.name.lower().removesuffix(".gz").rsplit(".", 1)[-1]


def _unreadable(path: Path, error: BaseException) -> CorpusError:
    return CorpusError(f"{path}: not readable as {_kind(path).upper()} ({error}). Mend the file and import it again.")


def _columns_of(path: Path, quoting: str) -> list[str]:
    kind = _kind(path)
    try:
        if kind == "parquet":
            return parquet_columns(path)
        if kind in ("json", "jsonl"):
            return json_keys(path)
        names = header(path, quoting)
    except CorpusError:
        raise
    except (pa.ArrowException, OSError, ValueError, IndexError, MemoryError) as error:
        raise _unreadable(path, error) from error
    if not names:
        raise CorpusError(f"{path}: the file is empty")
    return names


def _rows_of(path: Path, names: Sequence[str], skip: Skip, quoting: str) -> Iterator[dict[str, Any]]:
    kind = _kind(path)
    try:
        if kind in ("json", "jsonl"):
            for found in json_objects(path, skip, path.name):
                yield {name: found.get(name) for name in names}
            return
        there = set(_columns_of(path, quoting))
        held = [name for name in names if name in there]
        if kind == "parquet":
            yield from parquet_rows(path, held, skip)
        else:
            yield from delimited_rows(path, held, quoting, skip)
    except CorpusError:
        raise
    except (pa.ArrowException, OSError, ValueError, IndexError, MemoryError) as error:
        raise _unreadable(path, error) from error
