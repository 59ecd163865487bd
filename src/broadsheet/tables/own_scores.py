"""The column `own`: scores that a site's own parts give a row, by name, in one type whatever parts there are."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from broadsheet.tables.fields import list_of, new_field

Floats = npt.NDArray[np.float64]

_SCORE = pa.struct([pa.field("name", pa.string(), nullable=False), pa.field("value", pa.float32())])
_KIND = list_of(_SCORE)


def new_own(doc: str) -> pa.Field:
    """Return the field `own`: a list of names and values, empty where the site has no such parts."""
    return new_field("own", _KIND, doc)


def own_column(scores: Mapping[str, Floats], count: int) -> pa.Array:
    """Return the column of `count` rows from the values of each name, (count,) each; NaN becomes null."""
    names = pa.array([*scores] * count, pa.string())
    values = np.stack([*scores.values()], axis=1).ravel() if scores else np.zeros(0)
    items = pa.StructArray.from_arrays(
        [names, pa.array(values.astype(np.float32), pa.float32(), from_pandas=True)], fields=list(_SCORE)
    )
    offsets = pa.array(np.arange(count + 1, dtype=np.int32) * len(scores))
    return pa.ListArray.from_arrays(offsets, items, type=_KIND)


def own_scores(column: pa.ChunkedArray, name: str) -> Floats:
    """Return the values of one name in a column `own`, (rows,); NaN where a row has none of that name, or null."""
    rows = column.combine_chunks()
    rows = rows if isinstance(rows, pa.Array) else rows.chunk(0)
    items, owners = rows.flatten(), np.repeat(np.arange(len(rows)), np.asarray(rows.value_lengths(), np.int64))
    found = np.full(len(rows), np.nan)
    chosen = np.array(items.field("name").to_pylist(), object) == name
    found[owners[chosen]] = np.asarray(items.field("value").to_numpy(zero_copy_only=False), np.float64)[chosen]
    return found
