"""What readers follow and mute by a click: the table of what they follow, and the last words that are not in it yet.

A name that a reader follows is read like the reader's own words on their interests.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from broadsheet.newsroom import Newsroom
from broadsheet.readers.mutes import open_mutes
from broadsheet.readers.own_table import OwnTable, ReaderRows, Row
from broadsheet.tables.live_schemas import FOLLOWS

MUTED = {"category": "categories", "source": "sources"}
"""For each field that can be muted, the column of table mutes."""

Names = dict[str, list[str]]
"""For each field, such as category, the names that a reader follows or mutes there."""


class Opinions(NamedTuple):
    """What a reader lately said; a name is in one of the three at most."""

    follows: Names
    mutes: Names
    dropped: Names
    "What the reader neither follows nor mutes any more."

    def without(self, field: str) -> set[str]:
        """Return the names of a field that the reader does not follow after this."""
        return {*self.mutes.get(field, ()), *self.dropped.get(field, ())}

    def not_muted(self, field: str) -> set[str]:
        """Return the names of a field that the reader does not mute after this."""
        return {*self.follows.get(field, ()), *self.dropped.get(field, ())}


NO_OPINIONS = Opinions({}, {}, {})


class Follows:
    """The table follows, looked up by reader."""

    def __init__(self, table: pa.Table) -> None:
        self._rows = ReaderRows(table)

    def __contains__(self, user_id: str) -> bool:
        return user_id in self._rows

    def of(self, user_id: str, later: Opinions = NO_OPINIONS) -> list[str]:
        """Return the names that a reader follows, in the order in which the reader chose them.

        `later` is what the reader said after the table was written: a name that was muted since is not followed.
        """
        row = followed_after(later, self._rows.of(user_id))
        return list(dict.fromkeys(one["name"] for one in row.get("follows", [])))

    def row(self, user_id: str) -> Row:
        """Return a reader's row; an empty mapping for a reader who follows nothing."""
        return self._rows.of(user_id)

    def all(self) -> list[str]:
        """Return the readers who follow something, in the order of the table."""
        return list(self._rows)


NO_FOLLOWS = Follows(FOLLOWS.empty_table())


def open_follows(path: Path) -> OwnTable[Follows]:
    """Open what readers follow in a newsroom's file `follows`, which need not be there."""
    return OwnTable(path, FOLLOWS, Follows)


def words_of(profile: str, follows: list[str]) -> str:
    """Return a reader's words with the names that the reader follows; either may be empty."""
    return "; ".join(part for part in (profile.strip(), *follows) if part)


def keep_opinions(newsroom: Newsroom, said: Mapping[str, Opinions]) -> None:
    """Enter into the tables follows and mutes what readers said; to enter the same again changes nothing."""
    follows, mutes = open_follows(newsroom.follows), open_mutes(newsroom.mutes)
    for user_id, opinions in said.items():
        follows.change(user_id, partial(followed_after, opinions))
        mutes.change(user_id, partial(mutes_after, opinions))


def followed_after(opinions: Opinions, before: Row) -> Row:
    """Return what a reader follows after some opinions, as a row of table follows without its reader."""
    kept = [one for one in before.get("follows", []) if one["name"] not in opinions.without(one["field"])]
    new = [{"field": field, "name": name} for field, names in opinions.follows.items() for name in names]
    kept += [one for one in new if one not in kept]
    return {"follows": kept} if kept else {}


def mutes_after(opinions: Opinions, before: Row) -> Row:
    """Return what a reader mutes after some opinions, as a row of table mutes without its reader; empty for nothing."""
    row = {
        column: sorted({*before.get(column, ()), *opinions.mutes.get(field, ())} - opinions.not_muted(field))
        for field, column in MUTED.items()
    }
    return row if any(row.values()) else {}
