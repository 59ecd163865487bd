"""What interrupts a service: editions that are published and rolled back under load, and kills."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import count
from threading import Event
from typing import Any
from uuid import uuid4

from httpx2 import HTTPError

from broadsheet.evaluation.service.served import Running, running
from broadsheet.evaluation.service.traffic import EVENTS_OF_A_REQUEST, STORIES, articles_of, readers_of
from broadsheet.importers.transaction import Import
from broadsheet.live.events.store import open_events
from broadsheet.newsroom import Newsroom
from broadsheet.nightly.build import build
from broadsheet.operations.editions import publish_edition, rollback
from broadsheet.pipeline import Pipeline
from broadsheet.progress import Say


def measure_swaps(newsroom: Newsroom, key: str, swaps: int, say: Say) -> dict[str, Any]:
    """Publish and roll back an edition under load, and return how many pages were asked for, failed, or were mixed.

    A page is mixed if it is not the page that its edition gives its reader. The newsroom gets clicks and a new edition.
    """
    readers = readers_of(newsroom, 8)
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
    news_id = articles_of(newsroom)[0]
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


def _pages(newsroom: Newsroom, readers: Sequence[str]) -> dict[str, list[str]]:
    pages = Pipeline.open(newsroom).run_many(readers, STORIES)
    return {page.user_id: page.stories["news_id"].to_pylist() for page in pages}


def _clicks(newsroom: Newsroom) -> Iterator[dict[str, Any]]:
    """Yield clicks that make other articles popular than before."""
    time_of = Pipeline.open(newsroom).bench.data.as_of
    for news_id in articles_of(newsroom)[::50]:
        for reader in range(30):
            yield {"user_id": f"new-{reader}", "news_id": news_id, "time": time_of}
