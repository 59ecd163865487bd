"""A service under load: stored and fresh pages and events a second, editions that change meanwhile, and a kill."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from threading import Event
from typing import Any
from uuid import uuid4

from httpx2 import HTTPError

from broadsheet.evaluation.report.document import stamp
from broadsheet.evaluation.service.served import Running, load, running
from broadsheet.importers.transaction import Import
from broadsheet.live.events.store import open_events
from broadsheet.newsroom import Newsroom
from broadsheet.nightly.build import build
from broadsheet.operations.editions import publish_edition, rollback
from broadsheet.pipeline import Pipeline
from broadsheet.progress import Say
from broadsheet.service.security.accounts.keys import add_key
from broadsheet.service.serving.state import State

STORIES = 20
EVENTS_OF_A_REQUEST = 10


@dataclass(frozen=True)
class LoadTask:
    """What is measured."""

    seconds: float
    "Length of each load."
    steady_seconds: float
    "Length of the load at half the speed; 0 for none."
    readers: int
    "Readers whose pages are asked for."
    lua: Path
    "The script of wrk."


def measure_service(newsroom: Newsroom, task: LoadTask, swaps: int, kills: int, say: Say) -> dict[str, Any]:
    """Return the document of all measurements; the newsroom gets events, clicks, an API key and another edition."""
    key = add_key(State(newsroom), f"benchmark {uuid4().hex[:8]}", ["pages", "events"], "benchmark")
    document = {**stamp(), "articles": len(_articles(newsroom)), **measure_load(newsroom, key, task, say)}
    with _settings(newsroom):
        document["kills"] = measure_kill(newsroom, key, kills, say)
        document["swaps"] = measure_swaps(newsroom, key, swaps, say)
    return document


def measure_load(newsroom: Newsroom, key: str, task: LoadTask, say: Say) -> dict[str, Any]:
    """Return speeds, times and memory of the service; the newsroom gets events, and another edition at the end.

    Raises NewsroomError if the service does not start, InputError if wrk is not installed.
    """
    readers = _readers(newsroom, task.readers)
    rows: dict[str, Any] = {}
    with _settings(newsroom), running(newsroom.path, key) as service:
        found: dict[str, Any] = {"seconds_to_ready": service.seconds_to_ready, "memory_at_start": service.memory()}
        stored = [f"GET /v1/readers/{reader}/page?k={STORIES}&log=false" for reader in readers[:100]]
        load(service, stored, task.lua, 4, 10)  # the pages are made once
        for name, lines, connections in (
            ("stored pages", stored, 16),
            ("events", [*_events(newsroom)], 32),
        ):
            rows[name] = load(service, lines, task.lua, connections, task.seconds)
            say(f"{name}: {rows[name]['per_second']:,.0f} requests a second, p99 {rows[name]['p99_ms']:.0f} ms")
        if task.steady_seconds:
            found["steady"] = _steady(service, stored, rows["stored pages"]["per_second"], task, say)
    with _settings(newsroom, "page_seconds = 0\n"), running(newsroom.path, key) as service:
        fresh = [f"GET /v1/readers/{reader}/page?k={STORIES}&log=false" for reader in readers]
        for connections in (1, 4, 8):
            name = f"fresh pages, {connections} at once"
            rows[name] = load(service, fresh, task.lua, connections, task.seconds)
            say(f"{name}: {rows[name]['per_second']:,.1f} requests a second, p99 {rows[name]['p99_ms']:.0f} ms")
    return {**found, "rows": rows}


def measure_swaps(newsroom: Newsroom, key: str, swaps: int, say: Say) -> dict[str, Any]:
    """Publish and roll back an edition under load, and return how many pages were asked for, failed, or were mixed.

    A page is mixed if it is not the page that its edition gives its reader. The newsroom gets clicks and a new edition.
    """
    readers = _readers(newsroom, 8)
    first = newsroom.current().name
    expected = {(first, reader): page for reader, page in _pages(newsroom, readers).items()}
    with Import(newsroom) as add:
        add.clicks(_clicks(newsroom))
    build(newsroom, "active", say)
    second = newsroom.current().name
    expected |= {(second, reader): page for reader, page in _pages(newsroom, readers).items()}
    publish_edition(newsroom, first)
    told: dict[str, Any] = {"pages": 0, "errors": 0, "mixed": 0, "editions": {first: 0, second: 0}}
    with running(newsroom.path, key) as service, ThreadPoolExecutor(4) as callers:
        stop = Event()
        askers = [callers.submit(_ask_on, service, readers, expected, stop) for _ in range(4)]
        for number in range(swaps):
            time.sleep(3)
            publish_edition(newsroom, second) if number % 2 == 0 else rollback(newsroom)
        time.sleep(3)
        stop.set()
        for asker in askers:
            for name, value in asker.result().items():
                if name == "editions":
                    for edition, pages in value.items():
                        told["editions"][edition] += pages
                else:
                    told[name] += value
    differ = sum(expected[first, reader] != expected[second, reader] for reader in readers)
    return {**told, "swaps": swaps, "readers": len(readers), "readers_whose_pages_differ": differ}


def measure_kill(newsroom: Newsroom, key: str, kills: int, say: Say) -> dict[str, Any]:
    """Kill the service while it takes events, as often as asked, and return how many acknowledged events are lost."""
    acknowledged: list[str] = []
    news_id = _articles(newsroom)[0]
    for number in range(kills):
        with running(newsroom.path, key) as service, ThreadPoolExecutor(4) as callers:
            senders = [callers.submit(_send_on, service, news_id) for _ in range(4)]
            time.sleep(2)
            service.process.send_signal(signal.SIGKILL)
            acknowledged += [event_id for sender in senders for event_id in sender.result()]
        say(f"{number + 1} kills, {len(acknowledged):,} acknowledged events")
    store = open_events(newsroom, newsroom.config())
    kept = [
        event_id
        for start in range(0, len(acknowledged), 500)
        for event_id in store.with_ids(acknowledged[start : start + 500])["event_id"].to_pylist()
    ]
    store.close()
    lost = len(set(acknowledged) - set(kept))
    return {"kills": kills, "acknowledged": len(acknowledged), "lost": lost, "twice": len(kept) - len(set(kept))}


def _steady(service: Running, lines: Sequence[str], most: float, task: LoadTask, say: Say) -> dict[str, Any]:
    """Ask for stored pages at half of the most that was reached, and look at the memory each ten seconds."""
    connections, memory, stop = 16, [], Event()
    pause = connections / (most / 2) * 1000  # milliseconds; an answer takes far less

    def watch() -> None:
        while not stop.wait(10):
            memory.append(service.memory())

    with ThreadPoolExecutor(1) as watcher:
        watching = watcher.submit(watch)
        found = load(service, lines, task.lua, connections, task.steady_seconds, pause)
        stop.set()
        watching.result()
    say(f"steady: {found['per_second']:,.0f} requests a second for {found['seconds']:.0f} s, {found['errors']} errors")
    return {**found, "memory": memory}


def _ask_on(
    service: Running, readers: Sequence[str], expected: dict[tuple[str, str], list[str]], stop: Event
) -> dict[str, Any]:
    told: dict[str, Any] = {"pages": 0, "errors": 0, "mixed": 0, "editions": {}}
    with service.client() as client:
        for number in count():
            if stop.is_set():
                return told
            reader = readers[number % len(readers)]
            answer = client.get(f"/v1/readers/{reader}/page", params={"k": STORIES, "log": "false"})
            told["pages"] += 1
            if answer.status_code != 200:
                told["errors"] += 1
                continue
            page = answer.json()
            told["editions"][page["edition"]] = told["editions"].get(page["edition"], 0) + 1
            told["mixed"] += [row["news_id"] for row in page["stories"]] != expected[page["edition"], reader]
    return told


def _send_on(service: Running, news_id: str) -> list[str]:
    """Send events until the service is gone; return the ids of those that it acknowledged."""
    acknowledged: list[str] = []
    with service.client() as client:
        while True:
            now = datetime.now(UTC).isoformat()
            events = [
                {"event_id": str(uuid4()), "kind": "click", "user_id": str(uuid4()), "time": now, "news_id": news_id}
                for _ in range(EVENTS_OF_A_REQUEST)
            ]
            try:
                if client.post("/v1/events/batch", json=events).status_code == 200:
                    acknowledged += [str(event["event_id"]) for event in events]
            except HTTPError:
                return acknowledged


def _events(newsroom: Newsroom) -> Iterator[str]:
    """Yield requests of ten clicks; a request that wrk sends again is acknowledged as repeated."""
    articles, now = _articles(newsroom), datetime.now(UTC).isoformat()
    for number in range(20_000):
        events = [
            {
                "event_id": str(uuid4()),
                "kind": "click",
                "user_id": f"reader-{number}",  # few readers would be beyond their bound of events in a minute
                "time": now,
                "news_id": articles[(7 * number + place) % len(articles)],
            }
            for place in range(EVENTS_OF_A_REQUEST)
        ]
        yield f"POST /v1/events/batch {json.dumps(events)}"


def _pages(newsroom: Newsroom, readers: Sequence[str]) -> dict[str, list[str]]:
    pages = Pipeline.open(newsroom).run_many(readers, STORIES)
    return {page.user_id: page.stories["news_id"].to_pylist() for page in pages}


def _clicks(newsroom: Newsroom) -> Iterator[dict[str, Any]]:
    """Yield clicks that make other articles popular than before."""
    time_of = Pipeline.open(newsroom).bench.data.as_of
    for number, news_id in enumerate(_articles(newsroom)[::50]):
        for reader in range(30):
            yield {"user_id": f"new-{number}-{reader}", "news_id": news_id, "time": time_of}


def _articles(newsroom: Newsroom) -> list[str]:
    articles: list[str] = Pipeline.open(newsroom).bench.data.catalogue.news["news_id"].to_pylist()
    return articles


def _readers(newsroom: Newsroom, most: int) -> list[str]:
    readers = Pipeline.open(newsroom).bench.data.readers.audience.all()
    return sorted(readers)[:most]


@contextmanager
def _settings(newsroom: Newsroom, more: str = "") -> Iterator[None]:
    """Let all requests of the one key through, and add settings of [service], until the block ends."""
    before = newsroom.config_file.read_text("utf-8") if newsroom.config_file.is_file() else ""
    newsroom.config_file.write_text(f"{before}\n[service]\nrequests_a_minute = 1_000_000_000\n{more}", "utf-8")
    newsroom.config()  # raises ConfigError for a newsroom that has a section [service] already
    try:
        yield
    finally:
        newsroom.config_file.write_text(before, "utf-8")
