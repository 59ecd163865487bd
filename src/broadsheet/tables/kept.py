"""Columns that came with later versions of their tables.

They are a publisher's own columns of an article, when an article may be shown, and what is known of a reader's reads.

The column `kept` has one type for any names, such as that of an image's address.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.tables.fields import TIME, added, list_of, new_field, struct_of
from broadsheet.tables.values import is_missing

KEPT = new_field(
    "kept",
    list_of(struct_of(name=pa.string(), value=pa.string())),
    "The publisher's own columns that an import was asked to keep: names and values; an empty value is unknown.",
    since=2,
)

EMBARGO_UNTIL = new_field(
    "embargo_until",
    TIME,
    "Until then, UTC, the article is shown nowhere; null without an embargo.",
    nullable=True,
    since=3,
)
EXPIRES_AT = new_field(
    "expires_at",
    TIME,
    "From then on, UTC, the article is shown nowhere; null if it does not expire.",
    nullable=True,
    since=3,
)


SHOWN_WHEN = ["embargo_until", "expires_at"]
"""The columns of table news that say when an article may be shown."""

READ = pa.struct([(name, pa.float32()) for name in ("age_seconds", "dwell_seconds", "scroll")])
"""What is known of a read: seconds since the click, seconds spent reading, and how far down the reader came, 0 to 1."""
KNOWN_READS = added(
    "reads",
    list_of(READ),
    2,
    "What is known of each read of `history`, in its order, when the row was made: its age, seconds spent reading, and "
    "how far down the reader came, 0 to 1",
)

ACTS_DONE = added(
    "acts",
    list_of(pa.int16()),
    3,
    "What the reader did with each article of `history`, in its order, when the row was made: the sum of 1 for a "
    "click, 2 a like, 4 a comment, 8 a share and 16 a save, and 0 where no act is known",
)


def kept_text(value: object) -> str:
    """Return a value of a kept column as text.

    True and false are `true` and `false`, a date is ISO 8601, a list or an object is JSON, and None, NaN and a missing
    value are empty.
    """
    if is_missing(value):
        return ""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, date):  # a datetime too
        return value.isoformat()
    if isinstance(value, Mapping | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=kept_text)
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def kept_rows(values: Mapping[str, str]) -> list[dict[str, str]]:
    """Return names and texts as a value of the column `kept`."""
    return [{"name": name, "value": value} for name, value in values.items()]


def kept_values(pairs: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return a value of the column `kept` as a dictionary from names to texts."""
    return {pair["name"]: pair["value"] for pair in pairs}


def kept_names(news: pa.Table) -> list[str]:
    """Return the names of the kept columns that any article of a news table has, in alphabetical order."""
    return sorted(pc.unique(_items(news).field("name")).to_pylist())


def kept_column(news: pa.Table, name: str) -> list[str]:
    """Return the texts of one kept column, one for each article of a news table; empty where an article has none."""
    column = news.column("kept").combine_chunks()
    items, lengths = _items(news), column.value_lengths().to_numpy(zero_copy_only=False)
    chosen = np.asarray(pc.equal(items.field("name"), name).to_numpy(zero_copy_only=False), np.bool_)
    found = np.full(len(news), "", object)
    found[np.repeat(np.arange(len(news)), lengths)[chosen]] = items.field("value").filter(pa.array(chosen)).to_pylist()
    texts: list[str] = found.tolist()
    return texts


def _items(news: pa.Table) -> pa.StructArray:
    column = news.column("kept").combine_chunks()
    return (column if isinstance(column, pa.Array) else column.chunk(0)).flatten()
