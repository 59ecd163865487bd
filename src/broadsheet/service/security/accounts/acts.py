"""The audit log's lines about what callers change over the API and at /ops: articles, orders, editions, forgetting.

A line is written once the change is made. If the line cannot be written, the request fails, and the change holds.
"""

from __future__ import annotations

from broadsheet.service.security.accounts.audit import record
from broadsheet.service.security.caller import Caller
from broadsheet.service.serving.state import State

PUT, CORRECTED, WITHDRAWN = "articles put", "article corrected", "article withdrawn"
ORDERED, TAKEN_OFF, UNDONE = "order given", "order taken off", "order undone"
FORGOTTEN = "reader forgotten"


def note(state: State, caller: Caller, act: str, what: str) -> None:
    """Write who did what into the audit log; `what` never names a reader."""
    who = f"key {caller.name}" if caller.kind == "key" else caller.name
    with state.change() as db:
        record(db, who, act, what)
