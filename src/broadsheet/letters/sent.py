"""What was sent to readers: letters by day, pushes, and who wants no more letters, in the service's database.

A letter is entered before it is sent. So no reader gets a second letter of a day, whatever process is killed when; a
letter whose process was killed while it sent it may not have arrived.
"""

from __future__ import annotations

import sqlite3
import time
from datetime import datetime

from broadsheet.service.serving.state import State

KEPT_DAYS = 30
"""Days for which what was sent is known."""
_DAY = 86_400


class Sent:
    """The tables letters, pushes and stopped_letters; safe to use from several processes."""

    def __init__(self, state: State) -> None:
        self._state = state

    def had_letter(self, day: str) -> set[str]:
        """Return the readers who have the letter of a day already."""
        return {str(row[0]) for row in self._state.rows("SELECT user_id FROM letters WHERE day = ?", day)}

    def begin_letter(self, user_id: str, day: str) -> bool:
        """Enter the letter of a day; return whether the reader has none yet. `day` is an ISO date."""
        try:
            with self._state.change() as database:
                database.execute("DELETE FROM letters WHERE at < ?", (int(time.time()) - KEPT_DAYS * _DAY,))
                database.execute("INSERT INTO letters VALUES (?, ?, ?)", (user_id, day, int(time.time())))
        except sqlite3.IntegrityError:
            return False
        return True

    def no_letter(self, user_id: str, day: str) -> None:
        """Take back a letter that was not sent."""
        with self._state.change() as database:
            database.execute("DELETE FROM letters WHERE user_id = ? AND day = ?", (user_id, day))

    def stopped(self) -> set[str]:
        """Return the readers who want no more letters."""
        return {str(row[0]) for row in self._state.rows("SELECT user_id FROM stopped_letters")}

    def pushed(self, user_id: str) -> set[str]:
        """Return the articles that were pushed to a reader lately."""
        return {str(row[0]) for row in self._state.rows("SELECT news_id FROM pushes WHERE user_id = ?", user_id)}

    def begin_push(self, user_id: str, news_id: str, day: str, most: int, now: datetime) -> bool:
        """Enter a push; return whether the reader has had fewer than `most` of the day, and not this article."""
        with self._state.change() as database:
            database.execute("DELETE FROM pushes WHERE at < ?", (int(now.timestamp()) - KEPT_DAYS * _DAY,))
            of_day = "SELECT count(*) FROM pushes WHERE user_id = ? AND day = ?"
            (count,) = database.execute(of_day, (user_id, day)).fetchone()
            if count >= most:
                return False
            row = (user_id, news_id, day, int(now.timestamp()))
            made = database.execute("INSERT OR IGNORE INTO pushes VALUES (?, ?, ?, ?)", row)
            return made.rowcount == 1
