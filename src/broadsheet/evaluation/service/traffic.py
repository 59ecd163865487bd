"""The traffic of a load: requests for pages, events, readers and articles, and the settings that let it through."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import uuid4

from broadsheet.live.live_workbench import request_time
from broadsheet.newsroom import Newsroom
from broadsheet.pipeline import Pipeline
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import USERS

STORIES = 20
"""Stories of a page that is asked for."""
EVENTS_OF_A_REQUEST = 10
MOST_READ = 500
"""Articles that clicks of the load are on."""


def page_requests(readers: Sequence[str]) -> list[str]:
    """Return a request for the page of each reader."""
    return [f"GET /v1/readers/{reader}/page?k={STORIES}&log=false" for reader in readers]


def event_requests(newsroom: Newsroom, requests: int) -> Iterator[str]:
    """Yield requests of ten clicks; a request that wrk sends again is acknowledged as repeated.

    The clicks are of the newsroom's time, and most are on what was read most, as those of readers are.
    """
    pipeline = Pipeline.open(newsroom)
    time_of = request_time(pipeline.bench).isoformat()
    articles = [news_id for news_id, _ in pipeline.trending(MOST_READ)] or articles_of(newsroom)
    weights = [1 / place for place in range(1, len(articles) + 1)]  # Zipf's law
    draw = random.Random(0)
    for number in range(requests):
        events = [
            {
                "event_id": str(uuid4()),
                "kind": "click",
                "user_id": f"reader-{number}",  # few readers would be beyond their bound of events in a minute
                "time": time_of,
                "news_id": news_id,
            }
            for news_id in draw.choices(articles, weights, k=EVENTS_OF_A_REQUEST)
        ]
        yield f"POST /v1/events/batch {json.dumps(events)}"


def articles_of(newsroom: Newsroom) -> list[str]:
    """Return the ids of the edition's articles."""
    articles: list[str] = Pipeline.open(newsroom).bench.data.catalogue.news["news_id"].to_pylist()
    return articles


def readers_of(newsroom: Newsroom, most: int) -> list[str]:
    """Return the ids of `most` readers of the edition at the most; the cross-encoder read for them in the night."""
    users: list[str] = read_table(newsroom.current().users, USERS)["user_id"].to_pylist()
    return sorted(users)[:most]


def other_readers_of(newsroom: Newsroom, most: int) -> list[str]:
    """Return the ids of `most` readers at the most who are not in the edition, such as those who came back after it."""
    known = set(readers_of(newsroom, sys.maxsize))
    everybody = Pipeline.open(newsroom).bench.data.readers.audience.all()
    return sorted(set(everybody) - known)[:most]


@contextmanager
def settings_of_load(newsroom: Newsroom, more: str = "") -> Iterator[None]:
    """Let all requests of the one key through, and add settings of [service], until the block ends."""
    before = newsroom.config_file.read_text("utf-8") if newsroom.config_file.is_file() else ""
    newsroom.config_file.write_text(f"{before}\n[service]\nrequests_a_minute = 1_000_000_000\n{more}", "utf-8")
    newsroom.config()  # raises ConfigError for a newsroom that has a section [service] already
    try:
        yield
    finally:
        newsroom.config_file.write_text(before, "utf-8")
