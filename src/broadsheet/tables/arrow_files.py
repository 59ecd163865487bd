"""Reading and writing Arrow IPC files: checked against a schema, written whole or not at all, memory-mapped.

Stages trust a table that `read_table` returned: the file is as it was written, by its seal, and every value was looked
at. Files are uncompressed Arrow IPC *files*, since only those can be mapped.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.errors import ContractError, join_problems
from broadsheet.tables.files import replacing
from broadsheet.tables.seal import CHECKED, SEAL, UNSEALED, identity_of, seal, seal_problem


class TableWriter(Protocol):
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
def open_writer(path: Path, schema: pa.Schema, **stamp: str) -> Iterator[TableWriter]:
    """Open a file for batches; it appears at `path` only if the block succeeds, and replaces what was there."""
    stamps = {key: str(value) for key, value in stamp.items()} | {SEAL: UNSEALED}
    stamped = schema.with_metadata({**(schema.metadata or {}), **stamps})
    with replacing(path) as part:
        with pa.OSFile(str(part), "wb") as sink, pa.ipc.new_file(sink, stamped) as writer:
            yield _CheckedWriter(writer, stamped, path)
        seal(part)


def read_table(path: Path, schema: pa.Schema, **stamp: str) -> pa.Table:
    """Map a file into memory; one ContractError names all differences from the schema and from the expected stamps.

    A file of an earlier version is taken if the versions since then only added columns with a `since`. Raises
    ContractError too if a byte of the file changed after it was written. This process hashes and validates a file once,
    and again only when the file has changed.
    """
    table = _upgraded(_open(path), schema)
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


def _upgraded(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return a table of an earlier version with the columns that came since, empty; any other table as it is."""
    found, wanted = _metadata(table.schema), _metadata(schema)
    version = found.get("version", "")
    if found.get("table") != wanted.get("table") or not version.isdecimal() or version == wanted["version"]:
        return table
    since = {field: int((field.metadata or {}).get(b"since", 0)) for field in schema}
    later = {field: number for field, number in since.items() if number > int(version)}
    is_there = any(field.name in table.column_names for field in later)  # as where the number is damaged
    if not later or is_there or set(later.values()) != set(range(int(version) + 1, int(wanted["version"]) + 1)):
        return table
    for field in later:
        table = table.append_column(field, _without_values(field, len(table)))
    if set(table.column_names) == set(schema.names):
        table = table.select(schema.names)
    return table.replace_schema_metadata({**found, "version": wanted["version"]})


def _without_values(field: pa.Field, count: int) -> pa.Array:
    """Return `count` nulls where the field may be null, else `count` empty lists."""
    if field.nullable:
        return pa.nulls(count, field.type)
    offsets = pa.array(np.zeros(count + 1, np.int32))
    return pa.ListArray.from_arrays(offsets, pa.array([], field.type.value_type), type=field.type)


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
    found = {key.decode(): value.decode() for key, value in (schema.metadata or {}).items()}
    return {key: value for key, value in found.items() if key != SEAL}


def _open(path: Path) -> pa.Table:
    try:
        while True:
            with open(path, "rb", opener=_without_waiting) as file:
                identity = identity_of(file)
                problem = "" if identity in CHECKED else seal_problem(file)
                if problem:
                    raise ValueError(problem)
                table = _mapped(path, validate=identity not in CHECKED)
            with path.open("rb") as file:
                if identity_of(file) == identity:  # else the file was replaced in between, and is read again
                    CHECKED.add(identity)
                    return table
    except FileNotFoundError as error:
        raise ContractError(f"{path}: no such file. Build or import it first.") from error
    except (ValueError, OSError, NotImplementedError) as error:  # the last of a damaged type, such as 65 bits
        raise ContractError(
            f"{path}: not a whole Arrow IPC file as it was written ({error}). Build or import it again."
        ) from error


def _without_waiting(path: str, flags: int) -> int:
    """Open a file; a pipe in the file's place is opened too, and is refused when it is read."""
    return os.open(path, flags | os.O_NONBLOCK)


def _mapped(path: Path, *, validate: bool) -> pa.Table:
    table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    # A damaged file may hold names that are not UTF-8, which shows only when they are read.
    _metadata(table.schema), table.schema.names
    if validate:
        table.validate(full=True)
    return table


def _column_problems(found: pa.Schema, wanted: pa.Schema) -> list[str]:
    problems = [f"column {name!r} is not expected" for name in found.names if name not in wanted.names]
    for field in wanted:
        if field.name not in found.names:
            problems.append(f"column {field.name!r} is missing")
            continue
        there = found.field(found.names.index(field.name))  # by place: a damaged file may not find it by name
        if not there.equals(field):
            problems.append(f"column {field.name!r} is {there.type}, expected {field.type}")
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
    """Name the columns with a null inside a list or struct whose type allows no null; a cast lets such a null pass."""
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
    """Make a table of a schema from dictionaries; a missing key becomes null if its field may be null.

    A list that came with a later version of its table is empty where its key is missing.
    """
    later: dict[str, Any] = {field.name: [] for field in schema if _is_late_list(field)}
    try:
        return pa.Table.from_pylist(
            [later | row for row in rows] if later else list(rows), schema=schema.remove_metadata()
        ).cast(schema)
    except (pa.ArrowInvalid, ValueError, TypeError) as error:
        raise ContractError(f"table {schema.metadata[b'table'].decode()}: {error}") from error


def _is_late_list(field: pa.Field) -> bool:
    return b"since" in (field.metadata or {}) and not field.nullable


def empty(schema: pa.Schema) -> pa.Table:
    """Return a table without rows."""
    return schema.empty_table()


def epoch_seconds(times: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    """Return a column of times as epoch seconds; NaN where null."""
    micros = pc.cast(pc.cast(times, pa.int64()), pa.float64(), safe=False)  # far beyond year 2255 a float loses some
    seconds: npt.NDArray[np.float64] = np.asarray(pc.fill_null(micros, float("nan")), np.float64)
    return seconds / 1e6
