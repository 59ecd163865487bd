"""Muting categories and sources for one reader, and letting them in again: in every process from its next request."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from filelock import FileLock

from broadsheet.errors import InputError
from broadsheet.newsroom import Newsroom
from broadsheet.tables.arrow_files import from_rows, read_table, write_table
from broadsheet.tables.schemas import MUTES, NEWS
from broadsheet.tables.values import SkipRow, checked_id
from broadsheet.tables.watched_file import Watched


class Mutes:
    """The table mutes, looked up by reader."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table
        self._row_of = {user_id: row for row, user_id in enumerate(table.column("user_id").to_pylist())}

    def __contains__(self, user_id: str) -> bool:
        return user_id in self._row_of

    def of(self, user_id: str) -> tuple[list[str], list[str]]:
        """Return the categories and the sources that a reader muted."""
        row = self._row_of.get(user_id)
        if row is None:
            return [], []
        categories, sources = (self._table.column(name)[row].as_py() for name in ("categories", "sources"))
        return categories, sources

    def flags(self, user_id: str, news: pa.Table) -> npt.NDArray[np.bool_]:
        """Return for each article of a news table, or of its columns category and source, whether it is muted."""
        categories, sources = self.of(user_id)
        muted = pc.or_(_is_in(news.column("category"), categories), _is_in(news.column("source"), sources))
        return np.asarray(muted.to_numpy(), np.bool_)


NO_MUTES = Mutes(MUTES.empty_table())


class MutesFile:
    """The mutes of a newsroom as they are now; safe to share between threads."""

    def __init__(self, path: Path) -> None:
        """Take the file, which need not be there."""
        self._watched = Watched(path, lambda path: Mutes(read_table(path, MUTES)), NO_MUTES)

    def __call__(self) -> Mutes:
        """Return the mutes, read again where the file has changed.

        Raises ContractError if it is damaged: to go on without could show what was muted.
        """
        return self._watched()


def _is_in(column: pa.ChunkedArray, names: list[str]) -> pa.ChunkedArray:
    return pc.is_in(column, value_set=pa.array([name for name in names if name], pa.string()))


Change = Callable[[set[str], Iterable[str]], set[str]]


def mute(newsroom: Newsroom, user_id: str, categories: Sequence[str] = (), sources: Sequence[str] = ()) -> Mutes:
    """Mute categories and sources for a reader, beside those muted before; on the disk when the call returns.

    Returns all mutes of the newsroom. Raises NewsroomError if there is no newsroom, InputError for an id or a name that
    cannot be one, ContractError if the table is damaged.
    """
    return _change(newsroom, user_id, set[str].union, categories, sources)


def unmute(newsroom: Newsroom, user_id: str, categories: Sequence[str] = (), sources: Sequence[str] = ()) -> Mutes:
    """Let categories and sources in again, all where none is named; raises as `mute` does."""
    if not categories and not sources:
        categories, sources = MutesFile(newsroom.mutes)().of(user_id)
    return _change(newsroom, user_id, set[str].difference, categories, sources)


def unknown_names(newsroom: Newsroom, categories: Sequence[str], sources: Sequence[str]) -> list[str]:
    """Return the names that no article of the corpus has as its category, or as its source."""
    news = read_table(newsroom.news, NEWS)
    missing = []
    for column, names in (("category", categories), ("source", sources)):
        there = set(pc.unique(news.column(column)).to_pylist())
        missing += [name for name in names if name not in there]
    return missing


def _change(
    newsroom: Newsroom, user_id: str, change: Change, categories: Sequence[str], sources: Sequence[str]
) -> Mutes:
    newsroom.require()
    _check(user_id, [*categories, *sources])
    newsroom.mutes.parent.mkdir(exist_ok=True)
    with FileLock(newsroom.mutes.with_name(".lock")):  # not the newsroom's, which a build holds for long
        before = MutesFile(newsroom.mutes)()
        muted = [
            sorted(change(set(old), new)) for old, new in zip(before.of(user_id), (categories, sources), strict=True)
        ]
        table = read_table(newsroom.mutes, MUTES) if newsroom.mutes.is_file() else MUTES.empty_table()
        others = table.filter(pc.not_equal(table.column("user_id"), user_id))
        row = {"user_id": user_id, "categories": muted[0], "sources": muted[1]}
        after = pa.concat_tables([others, from_rows([row] if any(muted) else [], MUTES)])
        if not after.equals(table):
            write_table(newsroom.mutes, after, MUTES)
        return Mutes(after)


def _check(user_id: str, names: Sequence[str]) -> None:
    try:
        checked_id(user_id)
    except SkipRow as reason:
        raise InputError(f"user: {reason}, expected the id of a reader. Nothing was changed.") from reason
    if any(not name.strip() for name in names):
        raise InputError(
            "category or source: found an empty name, expected one that articles have. Nothing was changed."
        )
