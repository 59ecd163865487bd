"""Why a story is on a reader's page, and how this page is made."""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from broadsheet.experiments.assignment import assign
from broadsheet.live.live_workbench import request_time
from broadsheet.pages.article_lists import row_of, visible
from broadsheet.pipeline.why import Move, why
from broadsheet.service.security.csrf import csrf_token
from broadsheet.service.security.reader import Reader, RequestReader
from broadsheet.service.serving.served import Open
from broadsheet.service.serving.service import Service, Serving
from broadsheet.service.web.front import PLACES
from broadsheet.service.web.making.kept_pages import kept_page
from broadsheet.service.web.making.known import known_of
from broadsheet.service.web.making.paper import Paper, paper_of
from broadsheet.service.web.making.rendering import answer, message, not_found
from broadsheet.service.web.making.stories import shown_stories
from broadsheet.text import shortened

router = APIRouter(include_in_schema=False)

LONGEST_TITLE = 80


class Weighed(NamedTuple):
    """A signal in words."""

    name: str
    value: float | None
    weight: float | None
    lift: float | None = None


@router.get("/why/{news_id:path}")
async def why_here(request: Request, service: Serving, reader: RequestReader, news_id: str) -> Response:
    """Return why a story is at its place on the reader's page, and what would move it."""
    return await service.work(_why, request, service, reader, news_id)


def _why(request: Request, service: Service, reader: Reader, news_id: str) -> Response:
    opened = service.served.now()
    paper, bench = paper_of(opened), opened.pipeline.bench
    if row_of(bench.data.catalogue, visible(bench, request_time(bench)), news_id) is None:
        return not_found(paper)
    if not reader.id:
        return message(paper, 403, paper.words["not_allowed"], paper.words["not_allowed_text"], asks=True)
    page = kept_page(service, reader.id, news_id)
    values = _explained(opened, paper, reader.id, news_id)
    chance = 1.0 if page is None else float(page.stories.to_pylist()[_place(page, news_id)]["propensity"])
    about: dict[str, Any] = {"token": csrf_token(request), "chance": f"{chance:.0%}" if chance < 1 else ""}
    if page is not None:
        values |= {"rank": _place(page, news_id) + 1}
        values["item"]["page"] = page.page_id
    return answer(paper, "why.html", f"/why/{quote(news_id, safe='')}", **about, **values)


def _place(page: Any, news_id: str) -> int:  # noqa: ANN401
    place: int = page.stories.column("news_id").to_pylist().index(news_id)
    return place


def _explained(opened: Open, paper: Paper, reader_id: str, news_id: str) -> dict[str, Any]:
    catalogue = opened.pipeline.bench.data.catalogue
    found = why(opened.pipeline, reader_id, news_id, PLACES)
    (item,) = shown_stories(opened.pipeline.stories([news_id]).to_pylist(), paper, catalogue)
    signals = [Weighed(paper.words.get(f"signal_{one.name}", one.name), *one[1:]) for one in found.signals]
    titles = _titles(opened, [move.value for move in found.moves if move.field == "news_id"])
    read = _titles(opened, [found.because_news_id] if found.because_news_id else [])
    return {
        "item": item,
        "rank": found.rank,
        "reason": found.reason,
        "because": next(iter(read.values()), ""),
        "signals": [one for one in signals if one.lift is None or abs(one.lift) >= 0.005],
        "moves": [_in_words(move, paper, found.rank, titles) for move in found.moves if found.rank or move.rank],
    }


def _titles(opened: Open, news_ids: list[str]) -> dict[str, str]:
    news = opened.pipeline.bench.data.catalogue
    rows = news.news.select(["news_id", "title"]).take(news.rows(news_ids)).to_pylist() if news_ids else []
    return {row["news_id"]: shortened(row["title"], LONGEST_TITLE) for row in rows}


def _in_words(move: Move, paper: Paper, rank: int | None, titles: dict[str, str]) -> str:
    words, name = paper.words, titles.get(move.value, move.value)
    change = words[f"move_{move.change.replace(' ', '_')}"].format(name=name)
    if move.rank is None:
        return words["move_off"].format(change=change)
    return words["move_stays" if move.rank == rank else "move_to"].format(change=change, rank=move.rank)


@router.get("/about-this-page")
def about(request: Request, service: Serving, reader: RequestReader) -> Response:
    """Return how pages are made: the weights in force, the sources, and what is known of the reader."""
    opened = service.served.now()
    paper, bench = paper_of(opened), opened.pipeline.bench
    if reader.id:
        bench = opened.pipeline.bench_of(reader.id)
    config, words = bench.models.config, paper.words
    weights = [
        Weighed(words.get(f"signal_{name}", name), None, weight)
        for name, weight in sorted(bench.models.signal_weights.items(), key=lambda one: -one[1])
        if weight
    ]
    values: dict[str, Any] = {
        "known": known_of(service, reader.id) if reader.id else None,
        "weights": weights,
        "is_learned": bench.models.fusion is not None,
        "arms": assign(opened.pipeline.bench.models.config.experiments, reader.id, request_time(bench)),
        "policy": config.exploration.policy,
        "edition": words["edition"].format(edition=opened.edition),
    }
    return answer(paper, "about.html", "/about-this-page", **values)
