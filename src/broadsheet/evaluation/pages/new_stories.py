"""Where a story stands that was published minutes ago: for readers of a newsroom, by its age and its clicks.

The story is a real article of the newsroom, held back: it counts as published minutes ago, and what readers did with it
before is forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.corpus.click_log import make_click_log
from broadsheet.corpus.same_event import DAY
from broadsheet.errors import CorpusError
from broadsheet.progress import track
from broadsheet.readers.state import ReaderState
from broadsheet.rerank.policy.filters import PLACES
from broadsheet.tables.arrow_files import from_rows
from broadsheet.tables.schemas import USERS
from broadsheet.workbench.workbench import Workbench

AGES_AND_CLICKS = ((0, 0), (10, 0), (10, 10), (10, 400), (60, 0), (60, 10), (60, 400))
"""Minutes since the story was published, and how many readers have clicked it since."""
STORIES, NEWEST = 4, 100
"""Stories that are held back, one after another, and the newest articles from which they are drawn."""
READ = 10
"""Articles that a made-up reader read."""


def read_users(bench: Workbench, count: int) -> pa.Table:
    """Return the table users of `count` readers: the newsroom's own first, then made-up readers, drawn with a seed.

    A made-up reader read articles near to one another.
    """
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


def draw_stories(bench: Workbench, readers: Sequence[ReaderState], count: int = STORIES) -> list[int]:
    """Return the catalogue rows of the stories: of the newest articles that none of the readers has read, by a seed.

    Raises CorpusError if there are fewer than `count` such articles.
    """
    times = bench.data.catalogue.published_at
    read = {row for reader in readers for row in reader.history}
    newest_first = np.argsort(-np.nan_to_num(times, nan=-np.inf), kind="stable").tolist()
    left = [row for row in newest_first if row not in read and not np.isnan(times[row])][:NEWEST]
    if len(left) < count:
        raise CorpusError(
            f"new stories: found {len(left)} articles with a publication time that none of {len(readers)} readers has "
            f"read, expected {count}. Import more articles, or ask for fewer readers."
        )
    return sorted(np.random.default_rng(0).choice(left, count, replace=False).tolist())


def hold_back(bench: Workbench, row: int, minutes: int, clicks: int) -> Workbench:
    """Return a workbench in which an article is new: `minutes` old, and clicked by `clicks` readers evenly since.

    The time is the newsroom's clock. If its articles have whole days for times, the article is published at the clock,
    and the time is `minutes` later: else all articles of the last day would be newer than a story of ten minutes.
    """
    data = bench.data
    catalogue, log, shown = data.catalogue, data.clicks, data.exposures
    as_of = data.as_of + timedelta(minutes=minutes if _whole_days(catalogue.published_at) else 0)
    published_at, now = catalogue.published_at.copy(), as_of.timestamp()
    published_at[row] = now - minutes * 60.0
    kept, seen = log.rows != row, shown.rows != row
    users = np.arange(clicks) + log.users.max(initial=0) + 1
    later = make_click_log(
        np.concatenate([log.users[kept], users]),
        np.concatenate([log.rows[kept], np.full(clicks, row)]),
        np.concatenate([log.times[kept], now - np.linspace(minutes * 60.0, 1.0, clicks)]),
    )
    articles = replace(catalogue, published_at=published_at)
    return bench.over(replace(data, as_of=as_of, articles=articles, click_log=later, showings=shown.part(seen)))


def _whole_days(published_at: np.ndarray[Any, np.dtype[np.float64]]) -> bool:
    known = published_at[~np.isnan(published_at)]
    return bool((known % DAY == 0).all())


def measure_places(
    bench: Workbench,
    readers: Sequence[ReaderState],
    stories: Sequence[int],
    cases: Sequence[tuple[int, int]] = AGES_AND_CLICKS,
    *,
    helped: bool = True,
) -> list[dict[str, Any]]:
    """Return a row for each case (minutes, clicks): how many readers have a story, mean over the stories.

    Without `helped` there are no quotas of candidates and no kept places.
    """
    rows = []
    for minutes, clicks in track(cases, "Placing new stories", total=len(cases)):
        found = [_place(hold_back(bench, row, minutes, clicks), readers, row, helped=helped) for row in stories]
        places = [place for one in found for place in one["places"]]
        on_page = [sum(place <= PLACES for place in one["places"]) for one in found]
        rows.append(
            {
                "minutes": minutes,
                "clicks": clicks,
                "among_candidates": float(np.mean([one["candidates"] for one in found])),
                "read_by_cross_encoder": len(places) / len(stories),
                "on_page": float(np.mean(on_page)),
                "on_page_by_story": on_page,
                "median_place": float(np.median(places)) if places else None,
                "reasons_a_page": round(float(np.mean([one["reasons"] for one in found])), 2),
            }
        )
    return rows


def _place(bench: Workbench, readers: Sequence[ReaderState], row: int, *, helped: bool) -> dict[str, Any]:
    depth, policy = bench.models.config.rerank.depth, bench.policy if helped else replace(bench.policy, newest=0.0)
    retriever = bench.make_retriever(bench.models.source_weights, quotas=helped)
    candidates = retriever(readers, retriever.vectors(readers), bench.data.as_of, selection=bench.selection)
    ranked = bench.make_reranker(depth, policy=policy)(readers, candidates, bench.selection)
    return {
        "candidates": len(_of(candidates, bench, row)),
        "places": _of(ranked, bench, row).column("rank").to_pylist(),
        "reasons": different_reasons(ranked.to_pylist()),
    }


def _of(table: pa.Table, bench: Workbench, row: int) -> pa.Table:
    return table.filter(pc.equal(table.column("news_id"), bench.data.catalogue.ids([row])[0]))


def different_reasons(ranked: Sequence[Mapping[str, Any]]) -> float:
    """Return the mean number of different reasons among the first PLACES rows of each reader.

    The day of "published on" does not make a reason another.
    """
    pages: dict[str, set[str]] = {}
    for row in ranked:
        if row["rank"] <= PLACES:
            pages.setdefault(row["user_id"], set()).add(row["reason"].split(": published on")[0])
    return round(float(np.mean([len(reasons) for reasons in pages.values()])), 2) if pages else 0.0
