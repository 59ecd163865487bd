"""The rows of one split of a data set: local files read as by `import tables`, anything else through `datasets`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn, Protocol

from pyarrow import parquet

from broadsheet.errors import CorpusError
from broadsheet.importers.files.bounds import Skip
from broadsheet.importers.files.file_rows import SUFFIXES, column_names, read_rows

NO_CODE = (
    "Broadsheet runs no code of a data set. Save its rows as Parquet, CSV or JSON files, or with save_to_disk, "
    "and import those."
)


class Split(Protocol):
    """One split: its columns, and its rows with some of them."""

    names: list[str]

    def rows(self, columns: Sequence[str], skip: Skip) -> Iterator[dict[str, Any]]:
        """Yield rows; `skip` is told why a row was not delivered."""


class FileSplit:
    """A split of files of this machine: each is read whole for its columns, and a bad row is a counted skip."""

    def __init__(self, files: Sequence[Path], quoting: str) -> None:
        self._files, self._quoting = files, quoting
        self.names = list(dict.fromkeys(name for file in files for name in column_names(file, quoting)))

    def rows(self, columns: Sequence[str], skip: Skip) -> Iterator[dict[str, Any]]:
        """Yield rows as dictionaries; a row lacks the columns that its file does not have."""
        for file in self._files:
            yield from read_rows(file, columns, skip, self._quoting)


class DataSplit:
    """A split that `datasets` reads, as a Dataset or an IterableDataset."""

    def __init__(self, name: str, data: Any) -> None:  # noqa: ANN401
        self._name, self._data = name, data
        self._is_declared = data.column_names is not None
        self.names: list[str] = list(data.column_names if self._is_declared else next(_read(name, data), {}))

    def rows(self, columns: Sequence[str], skip: Skip) -> Iterator[dict[str, Any]]:
        """Yield rows as dictionaries, labels by their names; no row is skipped.

        Raises CorpusError for a column that the first row does not have, since its values would be lost.
        """
        data = self._data.select_columns(list(columns)) if self._is_declared else self._data
        features = data.features or {}
        labels = {column: features[column] for column in columns if hasattr(features.get(column), "int2str")}
        for place, row in enumerate(_read(self._name, data)):
            late = [] if self._is_declared else sorted(row.keys() - set(self.names))
            if late:
                raise CorpusError(
                    f"{self._name}: column {late[0]!r} is first seen in row {place}, the first row has no such column. "
                    "Download the file and import it from this machine, where it is read whole for its columns."
                )
            for column, label in labels.items():
                is_known = row[column] is not None and row[column] >= 0  # -1 stands for no label
                row[column] = label.int2str(row[column]) if is_known else None
            yield row


def are_plain(files: Sequence[Path]) -> bool:
    """Return whether local files can be read without `datasets`, which alone knows the names of labels in Parquet."""
    return all(file.name.lower().endswith(SUFFIXES) and not _has_labels(file) for file in files)


def _has_labels(file: Path) -> bool:
    if file.suffix.lower() != ".parquet":
        return False
    try:
        return b"huggingface" in (parquet.read_schema(file).metadata or {})
    except Exception:  # damaged: the reader of Parquet says how
        return False


def _read(name: str, rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield rows; raises CorpusError if the data set turns out to be damaged."""
    try:
        yield from rows
    except Exception as error:  # each reader of datasets has errors of its own
        refuse(name, error)


def refuse(name: str, error: Exception) -> NoReturn:
    """Raise CorpusError for whatever `datasets`, its readers or the network raised."""
    if "scripts are no longer supported" in str(error):
        raise CorpusError(f"{name}: a data set with a loading script. {NO_CODE}") from error
    reason = next(iter(str(error).splitlines()), type(error).__name__)
    raise CorpusError(
        f"{name}: cannot be read as a data set ({reason}). Expected a file or folder of Parquet, CSV, JSON or Arrow, "
        "or the name of a data set on the hub."
    ) from error
