"""Running the stages of a build in order; each stage gets the work of earlier builds, and is timed and reported."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from broadsheet.newsroom import Edition
from broadsheet.nightly.earlier import find_earlier
from broadsheet.nightly.stage import Engine, Record, StageReport
from broadsheet.nightly.stages import local_engine
from broadsheet.progress import Say, silent, still_at_work
from broadsheet.workbench.workbench import Workbench

WHY_AGAIN = {
    "retrieve": "; made again for every user, as clicks and freshness change with the clock",
    "rerank": "; freshness and popularity computed again for every user, as they change with the clock",
}
"""Stages that repeat work though their input is unchanged, and why, as the end of the stage's line."""


class StageReports(NamedTuple):
    """What the stages of a build did, by the stages' names."""

    reports: dict[str, StageReport]
    "What each stage returned."
    events: dict[str, dict[str, Any]]
    "What the build log says of each stage: time, stage, what, seconds and counts."


def run_stages(
    bench: Workbench,
    edition: Edition,
    names: Sequence[str],
    say: Say,
    record: Record = silent,
    engine: Engine = local_engine,
) -> StageReports:
    """Run the named stages in order by an engine; for each stage, `say` gets a line and `record` its event."""
    done = StageReports({}, {})
    earlier = find_earlier(bench.data.newsroom, names, say)
    with engine() as stages:
        for name in names:
            started = time.perf_counter()
            with still_at_work(name, say):
                report = stages[name](bench, edition, earlier)
            what = f"{report.line}{WHY_AGAIN.get(name, '')}"
            event = event_of(name, what, time.perf_counter() - started, report.counts)
            done.reports[name], done.events[name] = report, event
            tell(event, say, record)
    return done


def event_of(stage: str, what: str, seconds: float, counts: Mapping[str, float]) -> dict[str, Any]:
    """Return what a stage did as an entry of the build log: time (UTC), stage, what, seconds and counts."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return {"time": now, "stage": stage, "what": what, "seconds": round(seconds, 3), "counts": dict(counts)}


def tell(event: dict[str, Any], say: Say, record: Record) -> None:
    """Give an event to `record`, and a line that says the same to `say`."""
    record(event)
    say(f"{event['stage']}: {event['what']} ({event['seconds']:.1f} s)")
