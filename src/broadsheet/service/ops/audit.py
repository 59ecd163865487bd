"""The audit log's lines about editions, and what the pages say after each change."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from broadsheet.service.security.accounts.audit import record
from broadsheet.service.serving.state import State

PUBLISHED, BACK, PRUNED = "edition published", "rolled back", "editions pruned"
DONE = {
    "published": "The edition is published. The service takes it up within seconds.",
    "back": "The earlier edition is current again. The service takes it up within seconds.",
    "pruned": "Old editions are removed.",
}
"""What a page says after a change, by the word in its address."""
SHOWN = 20


def note(state: State, who: str, act: str, what: str) -> None:
    """Write a change of editions into the audit log."""
    with state.change() as db:
        record(db, who, act, what)


def last_changes(state: State) -> list[dict[str, Any]]:
    """Return the last changes of editions, newest first: `time` UTC, `who`, `act` and `what`."""
    rows = state.rows(
        "SELECT at, who, act, what FROM audit WHERE act IN (?, ?, ?) ORDER BY number DESC LIMIT ?",
        *(PUBLISHED, BACK, PRUNED, SHOWN),
    )
    return [
        {"time": datetime.fromtimestamp(at, UTC), "who": who, "act": act, "what": what} for at, who, act, what in rows
    ]
