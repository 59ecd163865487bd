"""Reading Parquet files as rows, bounded by what they say of themselves and by what they turn out to hold."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
from pyarrow import parquet

from broadsheet.importers.files.bounds import MOST_ROW_BYTES, TOO_LONG, Allowance, Skip
from broadsheet.importers.files.parquet_footer import column_sizes
from broadsheet.progress import track

_BATCH_ROWS = 2000
_VALUE_BYTES = 8
"""What a value needs at the least once it is unfolded."""


def parquet_columns(path: Path) -> list[str]:
    """Return the names of the columns."""
    with parquet.ParquetFile(path) as file:
        return list(file.schema_arrow.names)


def parquet_rows(path: Path, names: Sequence[str], skip: Skip) -> Iterator[dict[str, Any]]:
    """Yield rows with the named columns: times with a zone in UTC, binary values as texts, UUIDs as their usual texts.

    Raises CorpusError if the file unfolds to more than it may (see Allowance), pyarrow's errors if it is damaged.
    """
    _check_sizes(path, set(names))
    with parquet.ParquetFile(path, read_dictionary=_texts_of(path, names)) as file:
        allowance, total = Allowance(path), -(-file.metadata.num_rows // _BATCH_ROWS)
        for batch in track(_batches(file, names), path.name, total=total):
            for row in _batch_rows(_readable(batch), skip):
                size = sum(map(_size, row.values()))
                allowance.spend(size)
                if size > MOST_ROW_BYTES:
                    skip(f"row {TOO_LONG}")
                else:
                    yield row


def _texts_of(path: Path, names: Sequence[str]) -> list[str]:
    """Return the columns of texts: read as dictionaries, a text that a million rows share is in memory once."""
    with parquet.ParquetFile(path) as file:
        return [
            field.name
            for field in file.schema_arrow
            if field.name in names and (pa.types.is_string(field.type) or pa.types.is_binary(field.type))
        ]


def _batches(file: parquet.ParquetFile, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
    for group in range(file.num_row_groups):  # one at a time: each has a dictionary of its own
        yield from file.iter_batches(_BATCH_ROWS, row_groups=[group], columns=list(names), use_threads=False)


def _check_sizes(path: Path, names: set[str]) -> None:
    """Refuse, before anything is unfolded, a file whose own account says that it holds too much."""
    allowance = Allowance(path)
    for name, values, size in column_sizes(path):
        if name in names:
            allowance.spend(max(0, size, values * _VALUE_BYTES))  # a damaged footer may say less than nothing


def _readable(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Cast columns to types whose values Python can hold."""
    columns = [_readable_column(column) for column in batch.columns]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _readable_column(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_timestamp(kind):  # Python may not know the zone's name, but each instant is in UTC
        return column.cast(pa.timestamp("us", kind.tz and "UTC"), safe=False)
    return column


def _batch_rows(batch: pa.RecordBatch, skip: Skip) -> Iterator[dict[str, Any]]:
    try:
        columns = [_values(column) for column in batch.columns]
    except (UnicodeDecodeError, ValueError, OverflowError):
        yield from _rows_one_by_one(batch, skip)
    else:
        names = batch.schema.names
        yield from (dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True))


def _rows_one_by_one(batch: pa.RecordBatch, skip: Skip) -> Iterator[dict[str, Any]]:
    for number in range(len(batch)):
        try:
            row = {name: _plain(column[number].as_py()) for name, column in zip(batch.schema.names, batch.columns)}  # noqa: B905
        except UnicodeDecodeError:
            skip("invalid UTF-8")
        except (ValueError, OverflowError):
            skip("value out of range")
        else:
            yield row


def _values(column: pa.Array) -> list[Any]:
    if pa.types.is_dictionary(column.type):
        words = [_plain(word) for word in column.dictionary.to_pylist()]
        places = column.indices.to_pylist()
        if any(place is not None and place < 0 for place in places):
            raise IndexError("a word before the first")
        return [None if place is None else words[place] for place in places]
    return [_plain(value) for value in column.to_pylist()]


def _plain(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, UUID) else value


def _size(value: object) -> int:
    return len(value) if isinstance(value, str) else _VALUE_BYTES * (len(value) if isinstance(value, list) else 1)
