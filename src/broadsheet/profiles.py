"""What readers themselves say of their interests, and whose words a page follows.

A table of its own, `readers/profiles.arrow`, beside the column `profile` of the users table, as mutes are: that one is
the publisher's and a snapshot in each edition and in each running process, and what a reader writes holds at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa

from broadsheet.schemas import PROFILES
from broadsheet.tables import read_table
from broadsheet.watched import Watched

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
