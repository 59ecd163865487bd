"""The audit log: who did what, and when. It names keys, users and articles, and never a reader."""

from __future__ import annotations

import sqlite3
import time

from broadsheet.text import one_line, shortened

LONGEST = 500
"""Most characters of a text of the log."""
MOST_FAILURES = 10_000
"""Failed logins that are kept: enough to look at a few days, and bounded however often somebody tries."""
FAILED = "login failed"


def record(db: sqlite3.Connection, who: str, act: str, what: str) -> None:
    """Write a line into the audit log, in the transaction of the change that it tells of.

    `who` is a user, a key or an address, `act` a few fixed words such as "key added", `what` the thing that it was
    done to.
    """
    row = [int(time.time()), *(shortened(one_line(text), LONGEST) for text in (who, act, what))]
    db.execute("INSERT INTO audit (at, who, act, what) VALUES (?, ?, ?, ?)", row)
    if act == FAILED:
        db.execute(
            "DELETE FROM audit WHERE act = ? AND number <= (SELECT number FROM audit WHERE act = ? "
            "ORDER BY number DESC LIMIT 1 OFFSET ?)",
            (FAILED, FAILED, MOST_FAILURES),
        )
