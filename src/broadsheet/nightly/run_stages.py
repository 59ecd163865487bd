"""Running the stages of a build: told what earlier ones left to take over, timed and reported."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from broadsheet.newsroom import Edition
from broadsheet.nightly.earlier import editions_to_reuse, is_whole, with_earlier
from broadsheet.nightly.stage import Done, Engine, Record
from broadsheet.nightly.stages import local_engine
from broadsheet.progress import Say, silent
from broadsheet.workbench.workbench import Workbench

WHY_AGAIN = {
    "retrieve": "; for every user again: clicks and freshness go with the clock",
    "rerank": "; freshness, popularity and the like for every user again: they go with the clock",
}
"""Why a stage does work again that no change asks for."""


def run_steps(
    bench: Workbench,
    edition: Edition,
    names: Sequence[str],
    say: Say,
    record: Record = silent,
    engine: Engine = local_engine,
) -> dict[str, dict[str, Any]]:
    """Run stages by an engine; returns the event of each, by name."""
    events: dict[str, dict[str, Any]] = {}
    earlier = editions_to_reuse(bench.newsroom)
    bench.earlier_rankings = tuple(one.ranked for one in earlier if is_whole(one, one.ranked, say))
    with engine() as steps:
        told = with_earlier(bench.newsroom, steps, say)
        for name in names:
            started = time.perf_counter()
            done = told[name](bench, edition)
            counts = done.counts if isinstance(done, Done) else {}
            what = f"{done}{WHY_AGAIN.get(name, '')}"
            events[name] = event_of(name, what, time.perf_counter() - started, counts)
            tell(events[name], say, record)
    return events


def event_of(stage: str, what: str, seconds: float, counts: Mapping[str, float]) -> dict[str, Any]:
    """Return what a stage did as a line of the log: time, stage, what, seconds and counts."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return {"time": now, "stage": stage, "what": what, "seconds": round(seconds, 3), "counts": dict(counts)}


def tell(event: dict[str, Any], say: Say, record: Record) -> None:
    """Hand an event to both: as it is, and as a line."""
    record(event)
    say(f"{event['stage']}: {event['what']} ({event['seconds']:.1f} s)")
