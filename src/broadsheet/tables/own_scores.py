"""The column `own`: scores that a site's own parts give a row, by name, in one type whatever parts there are."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.tables.arrays import Floats
from broadsheet.tables.fields import list_of, new_field

_SCORE = pa.struct([pa.field("name", pa.string(), nullable=False), pa.field("value", pa.float32())])
_KIND = list_of(_SCORE)


def new_own(doc: str) -> pa.Field:
    """Return the field `own`: a list of names and values, null where the site has no such parts."""
    return new_field("own", _KIND, doc + " Null where there are no such parts.", nullable=True)


def own_column(scores: Mapping[str, Floats], count: int) -> pa.Array:
    """Return the column of `count` rows from the values of each name, (count,) each; NaN becomes a null value."""
    if not scores:
        return pa.nulls(count, _KIND)
    names = pa.array([*scores] * count, pa.string())
    values = np.stack([*scores.values()], axis=1).ravel()
    items = pa.StructArray.from_arrays(
        [names, pa.array(values.astype(np.float32), pa.float32(), from_pandas=True)], fields=list(_SCORE)
    )
    offsets = pa.array(np.arange(count + 1, dtype=np.int32) * len(scores))
    return pa.ListArray.from_arrays(offsets, items, type=_KIND)


def own_scores(column: pa.ChunkedArray, name: str) -> Floats:
    """Return the values of one name in a column `own`, (rows,); NaN where a row has none of that name, or null."""
    rows = column.combine_chunks()
    rows = rows if isinstance(rows, pa.Array) else rows.chunk(0)
    lengths = np.asarray(pc.fill_null(rows.value_lengths(), 0), np.int64)
    items, owners = rows.flatten(), np.repeat(np.arange(len(rows)), lengths)
    found = np.full(len(rows), np.nan)
    chosen = np.array(items.field("name").to_pylist(), object) == name
    found[owners[chosen]] = np.asarray(items.field("value").to_numpy(zero_copy_only=False), np.float64)[chosen]
    return found


def score_column(table: pa.Table, name: str) -> Floats:
    """Return a score of a table's rows, (rows,), NaN where it is null: a column, or else one in the column `own`."""
    if name in table.column_names:
        return np.asarray(pc.fill_null(table.column(name), float("nan")), np.float64)
    return own_scores(table.column("own"), name)
