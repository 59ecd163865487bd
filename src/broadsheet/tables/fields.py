"""How the schemas of the tables are written: types, fields with a note of what they hold, tables with a version."""

import pyarrow as pa

TIME = pa.timestamp("us", tz="UTC")


def list_of(kind: pa.DataType) -> pa.DataType:
    """Return the type of a list without nulls."""
    return pa.list_(pa.field("item", kind, nullable=False))


def struct_of(**kinds: pa.DataType) -> pa.DataType:
    """Return the type of a struct whose fields are never null."""
    return pa.struct([pa.field(name, kind, nullable=False) for name, kind in kinds.items()])


IDS = list_of(pa.string())


def new_table(name: str, version: int, fields: list[pa.Field]) -> pa.Schema:
    """Return a schema that carries the table's name and version."""
    return pa.schema(fields, metadata={"table": name, "version": str(version)})


def new_field(name: str, kind: pa.DataType, doc: str, *, nullable: bool = False, since: int | None = None) -> pa.Field:
    """Return a field that carries a note of what it holds.

    `since` is for a list, or a field that may be null, that came with this version of its table: files of the version
    before are read as if each row had an empty list or null.
    """
    return pa.field(name, kind, nullable=nullable, metadata={"doc": doc, **({"since": str(since)} if since else {})})


def added(name: str, kind: pa.DataType, since: int, doc: str) -> pa.Field:
    """Return a field that came with version `since` of its table, and is null where its value is not known."""
    return new_field(name, kind, doc + "; null if unknown.", nullable=True, since=since)


def new_score(name: str, doc: str) -> pa.Field:
    """Return the field of a score, float32, that is null where it cannot be known."""
    return new_field(name, pa.float32(), doc + " Null where it cannot be known.", nullable=True)


def new_vector(dim: int) -> pa.Field:
    """Return the field `vector` of `dim` float32 values."""
    kind = pa.list_(pa.field("item", pa.float32(), nullable=False), dim)
    return new_field("vector", kind, "Unit length; all zeros for a user of whom nothing is known.")
