"""A service under load: stored and fresh pages and events a second, and a steady load of all of them together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any
from uuid import uuid4

from broadsheet.errors import InputError
from broadsheet.evaluation.report.document import stamp
from broadsheet.evaluation.service.interruptions import measure_kill, measure_swaps
from broadsheet.evaluation.service.served import Running, load, running
from broadsheet.evaluation.service.traffic import (
    articles_of,
    event_requests,
    other_readers_of,
    page_requests,
    readers_of,
    settings_of_load,
)
from broadsheet.newsroom import Newsroom
from broadsheet.progress import Say
from broadsheet.service.security.accounts.keys import add_key
from broadsheet.service.serving.state import State

STORED = 100
"""Readers whose pages are made once and then sent again."""
FEWEST = 2 * STORED
"""Readers of a load at the least: the pages of the others are made for each request."""
SHARE = 1 / 6
"""Of the speed of each of the three loads alone: together they are half of what the service can do."""
CONNECTIONS = {"stored pages": 16, "fresh pages": 8, "events": 32}
"""Connections of each load."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class LoadTask:
    """What is measured."""

    seconds: float
    "Length of each load; 0 for none."
    steady_seconds: float
    "Seconds of all loads at once; 0 for none."
    readers: int
    "Readers whose pages are asked for."
    lua: Path
    "The script of wrk."


def measure_service(newsroom: Newsroom, name: str, task: LoadTask, swaps: int, kills: int, say: Say) -> dict[str, Any]:
    """Return the document of all measurements; the newsroom gets events, clicks, an API key and another edition.

    Raises NewsroomError if the service does not start, InputError if wrk is not installed or there are too few readers.
    """
    if task.seconds and len(readers_of(newsroom, FEWEST)) < FEWEST:
        raise InputError(f"{newsroom.path}: a load needs {FEWEST} readers in the edition. --seconds 0 leaves it out.")
    key = add_key(State(newsroom), f"benchmark {uuid4().hex[:8]}", ["pages", "events"], "benchmark")
    readers = readers_of(newsroom, task.readers)
    document = {**stamp(), "newsroom": name, "articles": len(articles_of(newsroom)), "readers": len(readers)}
    with settings_of_load(newsroom):
        # First, since the readers of the load's events would be readers of the new edition too.
        document["swaps"] = measure_swaps(newsroom, key, swaps, say) if swaps else {"swaps": 0}
    with settings_of_load(newsroom), running(newsroom.path, key) as service:
        document |= {"seconds_to_ready": service.seconds_to_ready, "memory_mb": service.memory()}
        rows = _stored_pages(service, readers, task, say) if task.seconds else {}
    if task.seconds:
        rows |= _fresh_pages(newsroom, key, readers, task, say)
        with settings_of_load(newsroom), running(newsroom.path, key) as service:
            rows |= _events(newsroom, service, task, say)
            if task.steady_seconds:
                document["steady"] = _steady(newsroom, service, readers, rows, task, say)
    document["rows"] = rows
    with settings_of_load(newsroom):
        document["kills"] = measure_kill(newsroom, key, kills, say)
    return document


def _stored_pages(service: Running, readers: Sequence[str], task: LoadTask, say: Say) -> dict[str, Row]:
    stored = page_requests(readers[:STORED])
    load(service, stored, task.lua, 4, 10)  # the pages are made once
    return {"stored pages": _loaded(service, "stored pages", stored, CONNECTIONS["stored pages"], task, say)}


def _events(newsroom: Newsroom, service: Running, task: LoadTask, say: Say) -> dict[str, Row]:
    # A request that is sent again is acknowledged as repeated, and nothing is written: 2,000 requests a second are more
    # than the service takes.
    events = [*event_requests(newsroom, math.ceil(2000 * task.seconds))]
    return {"events": _loaded(service, "events", events, CONNECTIONS["events"], task, say)}


def _loaded(service: Running, name: str, lines: Sequence[str], connections: int, task: LoadTask, say: Say) -> Row:
    row = load(service, lines, task.lua, connections, task.seconds)
    _tell(name, row, say)
    return row


def _fresh_pages(newsroom: Newsroom, key: str, readers: Sequence[str], task: LoadTask, say: Say) -> dict[str, Row]:
    rows: dict[str, Row] = {}
    most = CONNECTIONS["fresh pages"]
    loads = {f"fresh pages, {connections} at once": (readers, connections) for connections in (1, 4)}
    loads |= {"fresh pages": (readers, most)}
    if others := other_readers_of(newsroom, task.readers):
        loads["fresh pages of readers who are not in the edition"] = (others, most)
    with settings_of_load(newsroom, "page_seconds = 0\n"), running(newsroom.path, key) as service:
        for name, (asked, connections) in loads.items():
            rows[name] = _loaded(service, name, page_requests(asked), connections, task, say)
    return rows


def _tell(name: str, row: Row, say: Say) -> None:
    say(f"{name}: {row['per_second']:,.1f} requests a second, p99 {row['p99_ms']:.0f} ms, {row['errors']} errors")


def _steady(
    newsroom: Newsroom, service: Running, readers: Sequence[str], rows: Mapping[str, Row], task: LoadTask, say: Say
) -> dict[str, Any]:
    """Ask for stored and fresh pages and send events, each at a sixth of its own speed, and look at the memory.

    The three loads together are half of what the service can do. Fresh pages are those of many readers: the page of a
    reader who comes back is older than `page_seconds`.
    """
    events = rows["events"]["per_second"] * SHARE * task.steady_seconds
    lines = {
        "stored pages": page_requests(readers[:STORED]),
        "fresh pages": page_requests(readers[STORED:]),
        "events": [*event_requests(newsroom, math.ceil(1.2 * events))],
    }
    memory, stop = [], Event()

    def watch() -> None:
        while not stop.wait(10):
            memory.append(service.memory())

    def ask(name: str) -> dict[str, Any]:
        pause = 1000 * CONNECTIONS[name] / (SHARE * rows[name]["per_second"])  # milliseconds; an answer takes far less
        return load(service, lines[name], task.lua, CONNECTIONS[name], task.steady_seconds, pause)

    with ThreadPoolExecutor(4) as callers:
        watching = callers.submit(watch)
        found = dict(zip(lines, callers.map(ask, lines), strict=True))
        stop.set()
        watching.result()
    for name, row in found.items():
        _tell(f"steady, {name}", row, say)
    return {"seconds": task.steady_seconds, "share": SHARE, "rows": found, "memory_mb": memory}
