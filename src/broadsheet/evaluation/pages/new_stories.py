"""Where a story stands that was added minutes ago: for readers of a newsroom, by its age and its clicks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from broadsheet.corpus.catalogue import extend
from broadsheet.corpus.click_log import make_click_log
from broadsheet.tables.arrow_files import from_rows
from broadsheet.tables.schemas import NEWS, USERS
from broadsheet.workbench.ranking import rank
from broadsheet.workbench.workbench import Workbench

AGES_AND_CLICKS = ((0, 0), (10, 0), (60, 0), (10, 10), (60, 10), (60, 400))
"""Minutes since the story was published, and how many readers have clicked it since."""
PAGE = 10
"""Stories of a page."""
READ = 10
"""Articles that a made-up reader read."""
STORY = {
    "news_id": "new-story",
    "title": "Strong earthquake shakes the capital, hundreds of homes without power",
    "abstract": "Rescue workers search damaged buildings after the strongest earthquake in decades.",
    "body": "",
    "category": "",
    "subcategory": "",
    "language": "en",
    "source": "",
    "url": "",
    "content_hash": "0" * 16,
}
"""The story that is added: its text is of no reader's own subject."""


def measure_new_stories(bench: Workbench, count: int) -> dict[str, Any]:
    """Return for each age and number of clicks in how many of `count` readers' candidates and pages the story stands.

    The readers are the newsroom's own, and then made-up readers who read articles near to one another. The time is the
    workbench's. The result also has the mean number of different reasons on a page.
    """
    users = read_users(bench, count)
    rows = [_measured(bench, users, minutes, clicks) for minutes, clicks in AGES_AND_CLICKS]
    return {"readers": count, "articles": len(bench.data.catalogue), "rows": rows}


def read_users(bench: Workbench, count: int) -> pa.Table:
    """Return the table users of `count` readers: the newsroom's own first, then made-up readers, drawn with a seed."""
    audience, catalogue = bench.data.readers.audience, bench.data.catalogue
    own = audience.state(audience.all()[:count], bench.data.as_of)
    drawn = np.random.default_rng(0).choice(len(catalogue), count - len(own), replace=False)
    made = [
        {"user_id": f"made-up-{number}", "history": _near(bench, int(row)), "profile": "", "hidden": []}
        for number, row in enumerate(drawn)
    ]
    return pa.concat_tables([own, from_rows(made, USERS)])


def _near(bench: Workbench, row: int) -> list[str]:
    _, rows = bench.search(bench.data.catalogue.vectors_of([row]), READ)
    ids: list[str] = bench.data.catalogue.ids(rows[0]).to_pylist()
    return ids


def _measured(bench: Workbench, users: pa.Table, minutes: int, clicks: int) -> dict[str, Any]:
    later = with_story(bench, minutes, clicks)
    ranking = rank(later, later.readers(users), bench.data.as_of)
    places = _places(ranking.ranked)
    return {
        "minutes": minutes,
        "clicks": clicks,
        "among_candidates": len(_places(ranking.candidates)),
        "on_page": sum(place <= PAGE for place in places),
        "median_place": float(np.median(places)) if places else None,
        "reasons_a_page": different_reasons(ranking.ranked.to_pylist()),
    }


def _places(table: pa.Table) -> list[int]:
    rows = table.select(["news_id", "rank"]).to_pylist()
    return [row["rank"] for row in rows if row["news_id"] == STORY["news_id"]]


def with_story(bench: Workbench, minutes: int, clicks: int) -> Workbench:
    """Return a workbench that knows the story since `minutes`, and clicks of as many readers, evenly since then."""
    data, tower = bench.data, bench.models.news_tower
    news = from_rows([STORY | {"published_at": data.as_of - timedelta(minutes=minutes)}], NEWS)
    catalogue = extend(data.catalogue, news, tower(tower.text(news)), [])
    log, end = data.clicks, data.as_of.timestamp()
    users = np.arange(clicks) + log.users.max(initial=0) + 1
    times = end - np.linspace(minutes * 60.0, 1.0, clicks)
    log = make_click_log(
        np.concatenate([log.users, users]),
        np.concatenate([log.rows, np.full(clicks, len(catalogue) - 1)]),
        np.concatenate([log.times, times]),
    )
    from broadsheet.index_build import LateSearch

    search = LateSearch(bench.search, catalogue.late_vectors, first=len(catalogue.vectors))
    return bench.over(replace(data, articles=catalogue, click_log=log), search)


def different_reasons(ranked: Sequence[Mapping[str, Any]]) -> float:
    """Return the mean number of different reasons among the first PAGE rows of each reader.

    The day of "published on" does not make a reason another.
    """
    pages: dict[str, set[str]] = {}
    for row in ranked:
        if row["rank"] <= PAGE:
            pages.setdefault(row["user_id"], set()).add(row["reason"].split(": published on")[0])
    return round(float(np.mean([len(reasons) for reasons in pages.values()])), 2) if pages else 0.0
