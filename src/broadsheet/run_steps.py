"""Running the stages of a build: told what earlier ones left to take over, timed and reported."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from broadsheet.done import Done
from broadsheet.errors import NewsroomError
from broadsheet.journal import Journal
from broadsheet.manifest import file_sha256
from broadsheet.newsroom import Edition, Newsroom
from broadsheet.steps import Engine, Step, local_engine
from broadsheet.workbench import Workbench

Report = Callable[[str], None]
Record = Callable[[dict[str, Any]], None]

WHY_AGAIN = {
    "retrieve": "; for every user again: clicks and freshness go with the clock",
    "rerank": "; freshness, popularity and the like for every user again: they go with the clock",
}
"""Why a stage does work again that no change asks for."""


def run_steps(
    bench: Workbench,
    edition: Edition,
    names: Sequence[str],
    report: Report,
    record: Record = lambda event: None,
    engine: Engine = local_engine,
) -> dict[str, dict[str, Any]]:
    """Run stages by an engine; returns the event of each, by name."""
    events: dict[str, dict[str, Any]] = {}
    earlier = _editions_to_reuse(bench.newsroom)
    bench.earlier_rankings = tuple(one.ranked for one in earlier if _whole(one, one.ranked, report))
    with engine() as steps:
        told = _told(bench.newsroom, steps, report)
        for name in names:
            started = time.perf_counter()
            done = told[name](bench, edition)
            counts = done.counts if isinstance(done, Done) else {}
            what = f"{done}{WHY_AGAIN.get(name, '')}"
            events[name] = event_of(name, what, time.perf_counter() - started, counts)
            tell(events[name], report, record)
    return events


def event_of(stage: str, what: str, seconds: float, counts: Mapping[str, float]) -> dict[str, Any]:
    """Return what a stage did as a line of the log: time, stage, what, seconds and counts."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return {"time": now, "stage": stage, "what": what, "seconds": round(seconds, 3), "counts": dict(counts)}


def tell(event: dict[str, Any], report: Report, record: Record) -> None:
    """Hand an event to both: as it is, and as a line."""
    record(event)
    report(f"{event['stage']}: {event['what']} ({event['seconds']:.1f} s)")


def _told(newsroom: Newsroom, steps: Mapping[str, Step], report: Report) -> dict[str, Step]:
    """Return the stages, told where the work of earlier builds lies.

    A file that is no longer what its manifest says is no source: a flipped bit would be handed on from night to night.
    """
    earlier = _editions_to_reuse(newsroom)
    vectors = tuple(edition.news_vectors for edition in earlier if _whole(edition, edition.news_vectors, report))
    vectors += tuple(entry.path for entry in Journal(newsroom).entries() if entry.kind == "add")
    stories = tuple(edition.stories for edition in earlier if _whole(edition, edition.stories, report))
    digests = tuple(edition.digests for edition in earlier if _whole(edition, edition.digests, report))
    complete = tuple(edition for edition in earlier if edition.manifest.is_file())
    told = {
        "encode": partial(steps["encode"], known=vectors),
        "index": partial(steps["index"], known=complete),
        "generate": partial(steps["generate"], known=stories),
        "digest": partial(steps["digest"], known=digests),
    }
    return {**steps, **told}


def _editions_to_reuse(newsroom: Newsroom) -> list[Edition]:
    """Return the editions to take work over from: what a killed build left, the newest published, and the current one.

    One that was kept back is none of them: what is wrong with it would come back every night.
    """
    published = (edition for edition in reversed(newsroom.editions()) if edition.is_published())
    editions = [newsroom.building, *islice(published, 1)]
    with suppress(NewsroomError):
        editions.append(newsroom.current())
    return list(dict.fromkeys(editions))


def _whole(edition: Edition, path: Path, report: Report) -> bool:
    there, why = path.is_file(), ""
    with suppress(NewsroomError):  # what a killed build left has no manifest
        wanted = edition.read_manifest()["files"].get(path.name)
        if not there:
            why = "it is missing" if wanted else ""
        elif wanted != file_sha256(path):
            why = "its SHA-256 is not that of its manifest"
    if why:
        report(f"nothing is taken over from {path}: {why}")
    return there and not why
