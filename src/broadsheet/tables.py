"""Reading and writing Arrow IPC files: checked against a schema, written whole or not at all, memory-mapped.

Stages trust a table that `read_table` returned. Files are uncompressed Arrow IPC *files*, since only those can be
mapped.
"""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.errors import ContractError, join_problems


class Writer(Protocol):
    """What `open_writer` yields: takes record batches or tables, in order."""

    def write(self, table: pa.Table | pa.RecordBatch) -> None:
        """Append rows; raises ContractError if they do not fit the schema."""


class _CheckedWriter:
    def __init__(self, writer: Any, schema: pa.Schema, path: Path) -> None:  # noqa: ANN401
        self._writer, self._schema, self._path = writer, schema, path

    def write(self, table: pa.Table | pa.RecordBatch) -> None:
        table = table if isinstance(table, pa.Table) else pa.Table.from_batches([table])
        self._writer.write_table(_cast(table, self._schema, self._path))


def write_table(path: Path, table: pa.Table, schema: pa.Schema, **stamp: str) -> None:
    """Write a table to `path` whole or not at all, with the stamps of who made it.

    Raises ContractError if the table does not fit the schema.
    """
    with open_writer(path, schema, **stamp) as writer:
        writer.write(table)


@contextmanager
def open_writer(path: Path, schema: pa.Schema, **stamp: str) -> Iterator[Writer]:
    """Open a file for batches; it appears at `path` only if the block succeeds, and replaces what was there."""
    stamped = schema.with_metadata({**(schema.metadata or {}), **{key: str(value) for key, value in stamp.items()}})
    with replacing(path) as part, pa.OSFile(str(part), "wb") as sink, pa.ipc.new_file(sink, stamped) as writer:
        yield _CheckedWriter(writer, stamped, path)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary name beside `path`; then fsync it and rename it to `path`, or remove it if the block failed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        with part.open("rb+") as written:
            os.fsync(written.fileno())
        os.replace(part, path)  # noqa: PTH105
        sync_folder(path.parent)
    finally:
        part.unlink(missing_ok=True)


def link_or_copy(source: Path, target: Path) -> None:
    """Make `target` a hard link of a file that nobody changes in place; a copy where there are no hard links."""
    target.unlink(missing_ok=True)  # to copy into a link would change the file behind it
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def sync_folder(folder: Path) -> None:
    """Make renames in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_table(path: Path, schema: pa.Schema, **stamp: str) -> pa.Table:
    """Map a file into memory; all differences from the schema and the stamps asked for come in one ContractError."""
    table = _open(path)
    found, wanted = _metadata(table.schema), _metadata(schema) | stamp
    problems = [
        f"{key} is {found.get(key, 'missing')!r}, expected {value!r}"
        for key, value in wanted.items()
        if found.get(key) != value
    ]
    problems += _column_problems(table.schema, schema)
    if problems:
        hint = "It was made by another version or model; build or import it again."
        raise ContractError(f"{path}: {join_problems(problems)}. {hint}")
    return table


def why_refused(path: Path, schema: pa.Schema, stamp: Mapping[str, str], other: Mapping[str, str]) -> str:
    """Return in words why read_table refused a file: damage, the version, or the first stamp that is not `stamp`'s.

    `other` has the words for each stamp.
    """
    try:
        found = read_stamp(path)
    except ContractError:
        return "a damaged file"
    if found.get("version") != _metadata(schema)["version"]:
        return "another version of the table"
    return next((words for name, words in other.items() if found.get(name) != stamp[name]), "a damaged file")


def read_stamp(path: Path) -> dict[str, str]:
    """Return the metadata of a file: its table, version and stamps."""
    return _metadata(_open(path).schema)


def _metadata(schema: pa.Schema) -> dict[str, str]:
    return {key.decode(): value.decode() for key, value in (schema.metadata or {}).items()}


def _open(path: Path) -> pa.Table:
    try:
        table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
        # A damaged file may hold names that are not UTF-8, which shows only when they are read.
        _metadata(table.schema), table.schema.names
    except FileNotFoundError as error:
        raise ContractError(f"{path}: no such file. Build or import it first.") from error
    except (ValueError, OSError) as error:
        raise ContractError(f"{path}: not a whole Arrow IPC file ({error}). Build or import it again.") from error
    return table


def _column_problems(found: pa.Schema, wanted: pa.Schema) -> list[str]:
    problems = [f"column {name!r} is not expected" for name in found.names if name not in wanted.names]
    for field in wanted:
        if field.name not in found.names:
            problems.append(f"column {field.name!r} is missing")
        elif not found.field(field.name).equals(field):
            problems.append(f"column {field.name!r} is {found.field(field.name).type}, expected {field.type}")
    return problems


def _cast(table: pa.Table, schema: pa.Schema, path: Path) -> pa.Table:
    missing = [f"column {name!r} is missing" for name in schema.names if name not in table.column_names]
    extra = [f"column {name!r} is not expected" for name in table.column_names if name not in schema.names]
    if missing or extra:
        raise ContractError(f"{path}: {join_problems(missing + extra)}. Nothing was written.")
    try:
        table = table.select(schema.names).cast(schema)
    except (pa.ArrowInvalid, ValueError, TypeError, KeyError, NotImplementedError) as error:
        raise ContractError(f"{path}: {error}. Nothing was written.") from error
    nulls = [f"column {name!r} holds null inside its {table.schema.field(name).type}" for name in _nulls_inside(table)]
    if nulls:
        raise ContractError(f"{path}: {join_problems(nulls)}. Nothing was written.")
    return table


def _nulls_inside(table: pa.Table) -> list[str]:
    """Name the columns with a null in a list or struct that allows none, which a cast lets through."""
    names = []
    for field, column in zip(table.schema, table.columns, strict=True):
        kind = field.type
        inner: list[tuple[pa.Field, Any]] = []
        if pa.types.is_struct(kind):
            there = column.drop_null()  # a null struct, where one is allowed, has nothing inside
            inner = [(kind.field(place), pc.struct_field(there, [place])) for place in range(kind.num_fields)]
        elif pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind):
            inner = [(kind.value_field, pc.list_flatten(column))]
        if any(not part.nullable and values.null_count for part, values in inner):
            names.append(field.name)
    return names


def from_rows(rows: Sequence[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    """Make a table of a schema from dictionaries; a missing key is null where that is allowed."""
    try:
        return pa.Table.from_pylist(list(rows), schema=schema.remove_metadata()).cast(schema)
    except (pa.ArrowInvalid, ValueError, TypeError) as error:
        raise ContractError(f"table {schema.metadata[b'table'].decode()}: {error}") from error


def empty(schema: pa.Schema) -> pa.Table:
    """Return a table without rows."""
    return schema.empty_table()


def vectors_to_numpy(table: pa.Table) -> npt.NDArray[np.float32]:
    """Return the vector column as an array (rows, dim), without a copy if it is one chunk."""
    column = table.column("vector")
    dim = column.type.list_size
    parts = [chunk.flatten().to_numpy().reshape(-1, dim) for chunk in column.chunks]
    if not parts:
        return np.zeros((0, dim), np.float32)
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def vectors_to_arrow(vectors: npt.NDArray[np.float32]) -> pa.FixedSizeListArray:
    """Return an array (rows, dim) as a vector column."""
    item = pa.field("item", pa.float32(), nullable=False)
    values = pa.array(np.ascontiguousarray(vectors, np.float32).ravel())
    return pa.FixedSizeListArray.from_arrays(values, type=pa.list_(item, vectors.shape[1]))
