"""Reading CSV, TSV, JSONL and Parquet as rows: streamed, and one bad row is a counted skip.

Values come as the file has them: texts from CSV, whatever JSON or Parquet hold. The caller says what they mean.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import csv, parquet

from broadsheet.errors import CorpusError
from broadsheet.importers.lines import first_lines, line_blocks
from broadsheet.progress import track

SUFFIXES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".jsonl", ".jsonl.gz", ".parquet")

_BLOCK_BYTES = 8 << 20
_BATCH_ROWS = 2000

Skip = Callable[[str], None]


def column_names(path: Path) -> list[str]:
    """Return the columns of a file by its suffix; for JSONL the names in its first lines.

    Raises CorpusError if the file is empty or not of its kind.
    """
    kind = _kind(path)
    try:
        if kind == "parquet":
            with parquet.ParquetFile(path) as file:
                return list(file.schema_arrow.names)
        if kind == "jsonl":
            objects = [_object(line) for line in first_lines(path)]
            return sorted({name for found in objects if found is not None for name in found})
        with _open_csv(path, csv.ConvertOptions(check_utf8=False), lambda row: "skip") as reader:
            return list(reader.schema.names)
    except (pa.ArrowInvalid, OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from error


def read_rows(path: Path, names: Sequence[str], skip: Skip) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file as dictionaries with some of its columns; `skip` is told why a row cannot be read.

    Raises CorpusError if the file turns out to be damaged.
    """
    kind = _kind(path)
    try:
        if kind == "jsonl":
            yield from _jsonl_rows(path, names, skip)
        elif kind == "parquet":
            yield from _parquet_rows(path, names, skip)
        else:
            yield from _csv_rows(path, names, skip)
    except (pa.ArrowInvalid, pa.ArrowCapacityError, OSError) as error:
        raise _unreadable(path, error) from error


def _kind(path: Path) -> str:
    return path.name.removesuffix(".gz").rsplit(".", 1)[-1]


def _unreadable(path: Path, error: Exception) -> CorpusError:
    return CorpusError(f"{path}: not readable as {_kind(path).upper()} ({error}). Mend the file and import it again.")


def _jsonl_rows(path: Path, names: Sequence[str], skip: Skip) -> Iterator[dict[str, Any]]:
    for block in line_blocks(path, path.name):
        for line in block:
            found = _object(line)
            if found is not None:
                yield {name: found.get(name) for name in names}
            elif line.strip():
                skip("line is not a JSON object in UTF-8")


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _parquet_rows(path: Path, names: Sequence[str], skip: Skip) -> Iterator[dict[str, Any]]:
    with parquet.ParquetFile(path) as file:
        batches = file.iter_batches(_BATCH_ROWS, columns=list(names))
        for batch in track(batches, path.name, total=-(-file.metadata.num_rows // _BATCH_ROWS)):
            yield from _batch_rows(_in_microseconds(batch), skip)


def _in_microseconds(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Cast timestamps to what Python can hold."""
    columns = [
        column.cast(pa.timestamp("us", column.type.tz), safe=False) if pa.types.is_timestamp(column.type) else column
        for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _csv_rows(path: Path, names: Sequence[str], skip: Skip) -> Iterator[dict[str, Any]]:
    def refuse(row: Any) -> str:  # noqa: ANN401
        skip("wrong number of columns")
        return "skip"

    options = csv.ConvertOptions(
        check_utf8=False, include_columns=list(names), column_types=dict.fromkeys(names, pa.string())
    )
    with _open_csv(path, options, refuse) as reader:
        for batch in track(reader, path.name, total=-(-path.stat().st_size // _BLOCK_BYTES)):
            yield from _batch_rows(batch, skip)


def _open_csv(path: Path, options: csv.ConvertOptions, refuse: Callable[[Any], str]) -> csv.CSVStreamingReader:
    return csv.open_csv(
        pa.input_stream(str(path)),  # decompresses by suffix
        read_options=csv.ReadOptions(block_size=_BLOCK_BYTES),
        parse_options=csv.ParseOptions(
            delimiter="\t" if _kind(path) == "tsv" else ",", newlines_in_values=True, invalid_row_handler=refuse
        ),
        convert_options=options,
    )


def _batch_rows(batch: pa.RecordBatch, skip: Skip) -> Iterator[dict[str, Any]]:
    try:
        yield from batch.to_pylist()
    except (UnicodeDecodeError, ValueError, OverflowError):
        yield from _rows_one_by_one(batch, skip)


def _rows_one_by_one(batch: pa.RecordBatch, skip: Skip) -> Iterator[dict[str, Any]]:
    for number in range(len(batch)):
        try:
            rows = batch.slice(number, 1).to_pylist()
        except UnicodeDecodeError:
            skip("invalid UTF-8")
        except (ValueError, OverflowError):
            skip("value out of range")
        else:
            yield from rows
