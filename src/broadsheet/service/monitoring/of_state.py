"""Metrics of the service's own database: who may ask, who is signed in, and what was done."""

from __future__ import annotations

import time
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, Metric

from broadsheet.service.monitoring.families import gauge, gauges
from broadsheet.service.serving.state import State


def state_metrics(state: State) -> Iterator[Metric]:
    """Yield the metrics of the service's database; raises NewsroomError if it cannot be read."""
    size = sum(path.stat().st_size for path in state.path.parent.glob(f"{state.path.name}*"))
    yield from gauge("broadsheet_state_size_bytes", "Bytes of the service's own database.", size)
    in_force, revoked = state.rows("SELECT count(*) FILTER (WHERE revoked IS NULL), count(revoked) FROM keys")[0]
    counts = {"in force": in_force, "revoked": revoked}
    yield from gauges("broadsheet_api_keys", "API keys, by state.", "state", counts)
    roles = dict(state.rows("SELECT role, count(*) FROM users GROUP BY role"))
    yield from gauges("broadsheet_users", "Users of the desk and of operations, by role.", "role", roles)
    sessions = state.rows("SELECT count(*) FROM sessions")[0][0]
    yield from gauge("broadsheet_sessions", "Sessions of users, signed in or expired since.", sessions)
    waiting = state.rows("SELECT count(*) FROM attempts WHERE until > ?", time.time())[0][0]
    said = "Names and addresses that must wait before they may sign in again."
    yield from gauge("broadsheet_sign_in_delays", said, waiting)
    repeats = state.rows("SELECT count(*) FROM idempotency")[0][0]
    yield from gauge("broadsheet_idempotency_keys", "Changes whose answers are kept for a day.", repeats)
    acts = CounterMetricFamily("broadsheet_audited_acts", "Acts in the audit log, by act.", labels=["act"])
    for act, count in state.rows("SELECT act, count(*) FROM audit GROUP BY act"):
        acts.add_metric([act], count)
    yield acts
