"""Muting categories and sources for one reader, and letting them in again: in every process from its next request."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import pyarrow as pa
import pyarrow.compute as pc
from filelock import FileLock

from broadsheet.corpus.rows import SkipRow, checked_id
from broadsheet.errors import InputError
from broadsheet.mutes import Mutes, MutesFile
from broadsheet.newsroom import Newsroom
from broadsheet.schemas import MUTES, NEWS
from broadsheet.tables import from_rows, read_table, write_table

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
