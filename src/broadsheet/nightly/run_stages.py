"""Running the stages of a build: each is given the work of earlier builds, timed and reported."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from broadsheet.newsroom import Edition
from broadsheet.nightly.earlier import find_earlier
from broadsheet.nightly.stage import Engine, Record, StageReport
from broadsheet.nightly.stages import local_engine
from broadsheet.progress import Say, silent
from broadsheet.workbench.workbench import Workbench

WHY_AGAIN = {
    "retrieve": "; for every user again: clicks and freshness go with the clock",
    "rerank": "; freshness, popularity and the like for every user again: they go with the clock",
}
"""Why a stage does work again that no change asks for."""


class Stages(NamedTuple):
    """What the stages of a build did, by their names."""

    reports: dict[str, StageReport]
    events: dict[str, dict[str, Any]]
    "As in the build log: time, stage, what, seconds and counts."


def run_steps(
    bench: Workbench,
    edition: Edition,
    names: Sequence[str],
    say: Say,
    record: Record = silent,
    engine: Engine = local_engine,
) -> Stages:
    """Run stages by an engine; `say` gets a line for each, and `record` its event."""
    stages = Stages({}, {})
    earlier = find_earlier(bench.data.newsroom, say)
    with engine() as steps:
        for name in names:
            started = time.perf_counter()
            report = steps[name](bench, edition, earlier)
            what = f"{report.line}{WHY_AGAIN.get(name, '')}"
            event = event_of(name, what, time.perf_counter() - started, report.counts)
            stages.reports[name], stages.events[name] = report, event
            tell(event, say, record)
    return stages


def event_of(stage: str, what: str, seconds: float, counts: Mapping[str, float]) -> dict[str, Any]:
    """Return what a stage did as a line of the log: time, stage, what, seconds and counts."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return {"time": now, "stage": stage, "what": what, "seconds": round(seconds, 3), "counts": dict(counts)}


def tell(event: dict[str, Any], say: Say, record: Record) -> None:
    """Hand an event to both: as it is, and as a line."""
    record(event)
    say(f"{event['stage']}: {event['what']} ({event['seconds']:.1f} s)")
