"""The audit log's lines about editions: who published, rolled back and pruned."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from broadsheet.service.serving.state import State

PUBLISHED, BACK, PRUNED = "edition published", "rolled back", "editions pruned"
SHOWN = 20
"""Changes of editions that `last_changes` returns at most."""


def last_changes(state: State) -> list[dict[str, Any]]:
    """Return the last changes of editions, newest first: `time` UTC, `who`, `act` and `what`."""
    rows = state.rows(
        "SELECT at, who, act, what FROM audit WHERE act IN (?, ?, ?) ORDER BY number DESC LIMIT ?",
        *(PUBLISHED, BACK, PRUNED, SHOWN),
    )
    return [
        {"time": datetime.fromtimestamp(at, UTC), "who": who, "act": act, "what": what} for at, who, act, what in rows
    ]
