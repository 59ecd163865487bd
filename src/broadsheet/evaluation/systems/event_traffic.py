"""Made-up traffic of a news site: requests of ten events each, a page and what its reader did on it."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from broadsheet.newsroom import Newsroom
from broadsheet.tables.arrow_files import from_rows, write_table
from broadsheet.tables.schemas import NEWS

ARTICLES, READERS, SLOTS, SEEN = 2000, 100_000, 10, 7
EVENTS = SEEN + 3
"""Events of a request: the page, a view of each slot that was seen, a click and the time of reading."""
_TEXTS = ("title", "abstract", "body", "category", "subcategory", "language", "source", "url", "content_hash")
_IDS = [f"N{number}" for number in range(ARTICLES)]


def make_newsroom(path: Path) -> Newsroom:
    """Make a newsroom whose corpus holds the articles of the traffic, and nothing else."""
    rows = [{"news_id": news_id, **dict.fromkeys(_TEXTS, "made up"), "kept": []} for news_id in _IDS]
    newsroom = Newsroom(path)
    write_table(newsroom.news, from_rows(rows, NEWS), NEWS)
    return newsroom


def requests(seed: int) -> Iterator[list[dict[str, Any]]]:
    """Yield requests without end; the ids of a seed's events are always the same."""
    rng = random.Random(seed)
    while True:
        yield _request(rng)


def _request(rng: random.Random) -> list[dict[str, Any]]:
    page_id, shown, slot = _new_id(rng), rng.sample(_IDS, SLOTS), rng.randrange(SEEN) + 1
    common = {"user_id": f"reader-{rng.randrange(READERS)}", "page_id": page_id, "time": datetime.now(UTC).isoformat()}
    chances = [0.1] * SLOTS
    page = {"kind": "page", "edition": "2026-11-30", "policy": "softmax", "policy_version": "1", "seed": 7}
    events = [
        {**page, "shown": shown, "propensity": chances, "conditional": chances},
        *({"kind": "view", "slot": place, "seconds": 2.5} for place in range(1, SEEN + 1)),
        {"kind": "click", "slot": slot, "news_id": shown[slot - 1]},
        {"kind": "dwell", "slot": slot, "seconds": 48.0},
    ]
    return [{"event_id": _new_id(rng), **common, **event} for event in events]


def _new_id(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))
