"""Taking forgotten readers out of the corpus: tables users, clicks and impressions, and what killed writers left."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.newsroom import Newsroom
from broadsheet.nightly.forgetting.forgotten_rows import (
    Find,
    drop_readers,
    old_rows,
    readers_in,
    rewrite,
    without_rows,
)
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.files import remove_folder
from broadsheet.tables.schemas import CLICKS, IMPRESSIONS, USERS


def clean_corpus(newsroom: Newsroom, find: Find) -> None:
    """Take forgotten readers out of the corpus; the caller holds the newsroom's lock.

    Each table is replaced atomically, and to do it again changes nothing.
    """
    folder = newsroom.news.parent
    remove_folder(folder / ".import")
    for part in folder.glob(".*.part"):
        part.unlink()
    for path, schema in ((newsroom.users, USERS), (newsroom.clicks, CLICKS)):
        if path.is_file():
            drop_readers(path, schema, find)
    for path in newsroom.all_impressions():
        _clean_impressions(path, newsroom.clicks, find)


def _clean_impressions(path: Path, clicks: Path, find: Find) -> None:
    """Take out the impressions of forgotten readers, and what was read before out of the histories of later ones."""
    table = read_table(path, IMPRESSIONS)
    if not (until := find(readers_in(table))):
        return
    gone = old_rows(table, until)
    kept = without_rows(table, gone)
    changed = _with_later_histories(kept, clicks, until)
    if gone.any() or not changed.equals(kept):
        rewrite(path, IMPRESSIONS, changed)


def _with_later_histories(impressions: pa.Table, clicks: Path, until: Mapping[str, datetime]) -> pa.Table:
    """Return impressions in which the histories of these readers hold only what the table of clicks still has."""
    names = pa.array(list(until), pa.string())
    rows = np.flatnonzero(np.asarray(pc.is_in(impressions["user_id"], value_set=names)))
    if not len(rows):
        return impressions
    table = read_table(clicks, CLICKS)
    table = table.filter(pc.is_in(table["user_id"], value_set=names)).select(["user_id", "news_id"])
    read = set(zip(*(column.to_pylist() for column in table.columns), strict=True))
    users, histories = impressions["user_id"], impressions["history"].to_pylist()
    for row in rows.tolist():
        histories[row] = [news_id for news_id in histories[row] if (users[row].as_py(), news_id) in read]
    field = IMPRESSIONS.field("history")
    return impressions.set_column(impressions.column_names.index("history"), field, pa.array(histories, field.type))
