"""The page of a story: its summary, what several papers say of its event, how it went on, and similar stories."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from broadsheet.live.live_workbench import request_time
from broadsheet.pages import article_lists
from broadsheet.service.security.csrf import csrf_token
from broadsheet.service.security.reader import RequestReader
from broadsheet.service.serving.service import Serving
from broadsheet.service.web.making.kept_pages import kept_page
from broadsheet.service.web.making.paper import Paper, paper_of
from broadsheet.service.web.making.rendering import answer, not_found, notice_of, with_notice_text
from broadsheet.service.web.making.stories import language_of, shown_stories
from broadsheet.tables.kept import kept_values

router = APIRouter(include_in_schema=False)

MOST_SIMILAR, MOST_OF_EVENT = 6, 12
COLUMNS = ["news_id", "title", "source", "published_at", "kept"]


@router.get("/story/{news_id:path}")
def story(request: Request, service: Serving, reader: RequestReader, news_id: str) -> Response:
    """Return the page of a story; in the words of the reader's own page, if the story is on it."""
    opened = service.served.now()
    paper, bench = paper_of(opened), opened.pipeline.bench
    catalogue, as_of = bench.data.catalogue, request_time(bench)
    row = article_lists.row_of(catalogue, article_lists.visible(bench, as_of), news_id)
    if row is None:
        return not_found(paper)
    token = csrf_token(request) if reader.id else ""
    page = kept_page(service, reader.id, news_id)
    rows = page.stories.to_pylist() if page else []
    found = [one for one in rows if one["news_id"] == news_id] or opened.pipeline.stories([news_id]).to_pylist()
    (item,) = shown_stories(found, paper, catalogue, page.page_id if page else "")
    event = article_lists.of_event(bench, row, as_of)[-MOST_OF_EVENT:].tolist()
    alike = [other for other, _ in article_lists.similar(bench, row, as_of)[:MOST_SIMILAR]]
    values: dict[str, Any] = {
        "item": item,
        "token": token,
        "timeline": _listed(bench, paper, event) if len(event) > 1 else [],
        "similar": _listed(bench, paper, alike),
    }
    here = f"/story/{quote(news_id, safe='')}"
    return with_notice_text(answer(paper, "story.html", here, **values), notice_of(request, paper, here, token))


def _listed(bench: Any, paper: Paper, rows: list[int]) -> list[dict[str, Any]]:  # noqa: ANN401
    catalogue = bench.data.catalogue
    listed = []
    for row in catalogue.news.select(COLUMNS).take(rows).to_pylist():
        language = language_of(catalogue, row["news_id"])
        listed.append(
            {
                **row,
                "story": f"/story/{quote(row['news_id'], safe='')}",
                "marks": paper.look.marks_of(kept_values(row["kept"])),
                "date": paper.look.date(row["published_at"]) if row["published_at"] else "",
                "lang": language if language != paper.look.language else "",
            }
        )
    return listed
