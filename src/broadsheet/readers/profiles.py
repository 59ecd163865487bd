"""What readers themselves say of their interests, and whose words a page follows.

The words lie in a table of their own, `readers/profiles.arrow`. The column `profile` of the users table is the
publisher's, and counts for readers who wrote nothing themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pyarrow as pa

from broadsheet.errors import InputError
from broadsheet.newsroom import Newsroom
from broadsheet.readers.own_table import OwnTable, ReaderRows, Row
from broadsheet.tables.live_schemas import PROFILES
from broadsheet.text import has_controls

Whose = Literal["reader", "publisher", "history", ""]


@dataclass(frozen=True)
class Following:
    """What a reader follows, in words."""

    text: str
    "Empty if nothing is known."
    whose: Whose
    "Whose words they are: the reader's own, those of the publisher's users table, or topics found in the history."

    def sentence(self, form: str) -> str:
        """Return the same in a sentence such as `You follow: {interests}`; empty where nothing is known."""
        end = "" if self.text.endswith((".", "!", "?", "…")) else "."
        return form.format(interests=self.text) + end if self.text else ""


NOTHING = Following("", "")


class Profiles:
    """The table profiles, looked up by reader."""

    def __init__(self, table: pa.Table) -> None:
        self._rows = ReaderRows(table)

    def __contains__(self, user_id: str) -> bool:
        return user_id in self._rows

    def of(self, user_id: str) -> str:
        """Return a reader's own words; empty for a reader who wrote nothing."""
        words: str = self._rows.of(user_id).get("profile", "")
        return words

    def all(self) -> list[str]:
        """Return the readers who wrote something, in the order of the table."""
        return list(self._rows)


NO_PROFILES = Profiles(PROFILES.empty_table())


def open_profiles(path: Path) -> OwnTable[Profiles]:
    """Open the readers' own words in a newsroom's file `profiles`, which need not be there."""
    return OwnTable(path, PROFILES, Profiles)


CHARACTERS = 500
"""Most characters of a reader's own words; the news tower reads only the first words of a longer text."""


def set_profile(newsroom: Newsroom, user_id: str, text: str) -> str:
    """Keep a reader's own words on their interests in place of earlier words; on the disk when the call returns.

    They count before the profile of the users table. Returns the words as they are kept: on one line, with single
    blanks. Raises NewsroomError if there is no newsroom, InputError for an id or a text that cannot be one,
    ContractError if the table is damaged.
    """
    words = " ".join(text.split())
    if has_controls(words):
        raise InputError("profile: found a control character, expected plain text. Nothing was changed.")
    if not words or len(words) > CHARACTERS:
        raise InputError(f"profile: found {len(words):,} characters, expected 1 to {CHARACTERS}. Nothing was changed.")
    newsroom.require()

    def changed(before: Row) -> Row:
        return before if before.get("profile") == words else {"profile": words, "time": datetime.now(UTC)}

    open_profiles(newsroom.profiles).change(user_id, changed)
    return words


def clear_profile(newsroom: Newsroom, user_id: str) -> None:
    """Remove a reader's own words, if there are any, so that the profile of the users table counts again.

    Raises as set_profile does.
    """
    newsroom.require()
    open_profiles(newsroom.profiles).change(user_id, lambda before: {})
