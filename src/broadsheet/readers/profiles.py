"""What readers themselves say of their interests, and whose words a page follows.

A table of its own, `readers/profiles.arrow`, beside the column `profile` of the users table, as mutes are: that one is
the publisher's and a snapshot in each edition and in each running process, and what a reader writes holds at once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
from filelock import FileLock

from broadsheet.errors import InputError
from broadsheet.newsroom import Newsroom
from broadsheet.tables.arrow_files import from_rows, read_table, write_table
from broadsheet.tables.schemas import PROFILES
from broadsheet.tables.values import SkipRow, checked_id
from broadsheet.tables.watched_file import Watched

Whose = Literal["reader", "publisher", "history", ""]


@dataclass(frozen=True)
class Following:
    """What a reader follows, in words."""

    text: str
    "Empty if nothing is known."
    whose: Whose
    "Whose words they are: the reader's own, those of the publisher's users table, or topics found in the history."

    @property
    def sentence(self) -> str:
        """The same in a sentence for the reader; empty where nothing is known."""
        end = "" if self.text.endswith((".", "!", "?", "…")) else "."
        return f"You follow: {self.text}{end}" if self.text else ""


NOTHING = Following("", "")


class Profiles:
    """The table profiles, looked up by reader."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table
        self._row_of = {user_id: row for row, user_id in enumerate(table.column("user_id").to_pylist())}

    def __contains__(self, user_id: str) -> bool:
        return user_id in self._row_of

    def of(self, user_id: str) -> str:
        """Return a reader's own words; empty for one who wrote none."""
        row = self._row_of.get(user_id)
        return "" if row is None else self._table.column("profile")[row].as_py()

    def all(self) -> list[str]:
        """Return the readers who wrote some, in the order of the table."""
        return list(self._row_of)


NO_PROFILES = Profiles(PROFILES.empty_table())


class ProfilesFile:
    """The readers' own words as they are now; safe to share between threads."""

    def __init__(self, path: Path) -> None:
        """Take the file, which need not be there."""
        self._watched = Watched(path, lambda path: Profiles(read_table(path, PROFILES)), NO_PROFILES)

    def __call__(self) -> Profiles:
        """Return the readers' own words, read again where the file has changed.

        Raises ContractError if it is damaged: to go on without would show readers pages that they did not ask for.
        """
        return self._watched()


CHARACTERS = 500
"""Most characters of a reader's own words; the news tower reads no more than its first words anyway."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, those that turn the direction of a text, and halves of characters."""


def set_profile(newsroom: Newsroom, user_id: str, text: str) -> str:
    """Keep a reader's own words on their interests in place of those before; on the disk when the call returns.

    They count before the profile of the users table. Returns them as they are kept, blanks made single. Raises
    NewsroomError if there is no newsroom, InputError for an id or a text that cannot be one, ContractError if the table
    is damaged.
    """
    words = " ".join(text.split())
    if _CONTROL.search(words):
        raise InputError("profile: found a control character, expected plain text. Nothing was changed.")
    if not words or len(words) > CHARACTERS:
        raise InputError(f"profile: found {len(words):,} characters, expected 1 to {CHARACTERS}. Nothing was changed.")
    _change(newsroom, user_id, words)
    return words


def clear_profile(newsroom: Newsroom, user_id: str) -> None:
    """Remove a reader's own words, if there are any, so that the users table's count again; raises as set_profile."""
    _change(newsroom, user_id, "")


def _change(newsroom: Newsroom, user_id: str, words: str) -> None:
    newsroom.require()
    try:
        checked_id(user_id)
    except SkipRow as reason:
        raise InputError(f"user: {reason}, expected the id of a reader. Nothing was changed.") from reason
    newsroom.profiles.parent.mkdir(exist_ok=True)
    with FileLock(newsroom.profiles.with_name(".lock")):  # not the newsroom's, which a build holds for long
        if ProfilesFile(newsroom.profiles)().of(user_id) == words:
            return
        table = read_table(newsroom.profiles, PROFILES) if newsroom.profiles.is_file() else PROFILES.empty_table()
        others = table.filter(pc.not_equal(table.column("user_id"), user_id))
        own = [{"user_id": user_id, "profile": words, "time": datetime.now(UTC)}] if words else []
        write_table(newsroom.profiles, pa.concat_tables([others, from_rows(own, PROFILES)]), PROFILES)
