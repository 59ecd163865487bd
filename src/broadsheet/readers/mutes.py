"""The categories and sources that readers mute: the table, its two calls, and which articles it keeps from a reader."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.errors import InputError
from broadsheet.newsroom import Newsroom
from broadsheet.newsroom.given import given_names
from broadsheet.readers.own_table import OwnTable, ReaderRows, Row
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.live_schemas import MUTES
from broadsheet.tables.schemas import NEWS
from broadsheet.text import has_controls, has_invisible


class Mutes:
    """The table mutes, looked up by reader."""

    def __init__(self, table: pa.Table) -> None:
        self._rows = ReaderRows(table)

    def __contains__(self, user_id: str) -> bool:
        return user_id in self._rows

    def of(self, user_id: str) -> tuple[list[str], list[str]]:
        """Return the categories and the sources that a reader muted."""
        row = self._rows.of(user_id)
        return row.get("categories", []), row.get("sources", [])


NO_MUTES = Mutes(MUTES.empty_table())


def open_mutes(path: Path) -> OwnTable[Mutes]:
    """Open the mutes of a newsroom's file `mutes`, which need not be there."""
    return OwnTable(path, MUTES, Mutes)


def muted_flags(categories: Sequence[str], sources: Sequence[str], news: pa.Table) -> npt.NDArray[np.bool_]:
    """Return for each article of a news table, or of its columns category and source, whether it is muted."""
    muted = pc.or_(_is_in(news.column("category"), categories), _is_in(news.column("source"), sources))
    return np.asarray(muted.to_numpy(), np.bool_)


def _is_in(column: pa.ChunkedArray, names: Sequence[str]) -> pa.ChunkedArray:
    return pc.is_in(column, value_set=pa.array([name for name in names if name], pa.string()))


Change = Callable[[set[str], Iterable[str]], set[str]]


def mute(newsroom: Newsroom, user_id: str, categories: Sequence[str] = (), sources: Sequence[str] = ()) -> Mutes:
    """Mute further categories and sources for a reader; on the disk when the call returns.

    Returns all mutes of the newsroom. Raises NewsroomError if there is no newsroom, InputError for an id or a name that
    is refused, ContractError if the table is damaged.
    """
    categories, sources = given_names(categories, "categories"), given_names(sources, "sources")
    if any(has_controls(name) or has_invisible(name) for name in (*categories, *sources)):
        raise InputError(
            "category or source: found a control character, or a character that nobody sees, expected plain text. "
            "Nothing was changed."
        )
    return _change(newsroom, user_id, set[str].union, categories, sources)


def unmute(newsroom: Newsroom, user_id: str, categories: Sequence[str] = (), sources: Sequence[str] = ()) -> Mutes:
    """Let categories and sources of a reader in again: the named ones, or all if none is named.

    Returns and raises as `mute` does.
    """
    categories, sources = given_names(categories, "categories"), given_names(sources, "sources")
    names_all = not categories and not sources
    return _change(newsroom, user_id, _emptied if names_all else set[str].difference, categories, sources)


def _emptied(_: set[str], __: Iterable[str]) -> set[str]:
    return set()


def unknown_names(newsroom: Newsroom, categories: Sequence[str], sources: Sequence[str]) -> list[str]:
    """Return the names that no article of the corpus has as its category, or as its source."""
    news = read_table(newsroom.news, NEWS)
    missing = []
    for column, names in (("category", categories), ("source", sources)):
        existing = set(pc.unique(news.column(column)).to_pylist())
        missing += [name for name in names if name not in existing]
    return missing


def _change(
    newsroom: Newsroom, user_id: str, change: Change, categories: Sequence[str], sources: Sequence[str]
) -> Mutes:
    newsroom.require()
    if any(not name.strip() for name in (*categories, *sources)):
        raise InputError(
            "category or source: found an empty name, expected one that articles have. Nothing was changed."
        )

    def changed(before: Row) -> Row:
        muted = {
            "categories": sorted(change(set(before.get("categories", ())), categories)),
            "sources": sorted(change(set(before.get("sources", ())), sources)),
        }
        return muted if any(muted.values()) else {}

    return open_mutes(newsroom.mutes).change(user_id, changed)
