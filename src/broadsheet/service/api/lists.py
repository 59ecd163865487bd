"""Lists of articles that are the same for every reader: latest, trending, sections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import pyarrow as pa
from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.live.live_workbench import request_time
from broadsheet.newsroom.given import MOST_STORIES
from broadsheet.pages.article_lists import latest, sections
from broadsheet.service.api.pages import OfPages
from broadsheet.service.api.parameters import K, Section
from broadsheet.service.api.shapes import ArticleBrief, Articles, Scored, ScoredArticles
from broadsheet.service.serving.answers import answered, send_model
from broadsheet.service.serving.cursors import Cursor, part_of
from broadsheet.service.serving.problems import ServiceError
from broadsheet.service.serving.service import Service, Serving
from broadsheet.tables.kept import kept_values

router = APIRouter(prefix="/v1", tags=["articles"])

_BRIEF = [
    "news_id",
    "title",
    "abstract",
    "category",
    "subcategory",
    "language",
    "source",
    "url",
    "published_at",
    "kept",
]
Region = Annotated[str | None, Query(max_length=200, description="Only what readers in this region do counts.")]
Name = Annotated[str, Path(min_length=1, max_length=200, description="The section's name.")]


class SectionBrief(BaseModel):
    """A section."""

    name: str
    articles: int


class Sections(BaseModel):
    """The sections of an edition, the largest first."""

    edition: str
    sections: list[SectionBrief]


def briefs(catalogue: Catalogue, news_ids: Sequence[str]) -> list[ArticleBrief]:
    """Return articles as lists show them, in the order of their ids."""
    rows = pa.array([catalogue.row_of[news_id] for news_id in news_ids], pa.int64())
    found = catalogue.news.select(_BRIEF).take(rows).to_pylist()
    return [ArticleBrief.model_validate({**row, "kept": kept_values(row["kept"])}) for row in found]


@router.get("/articles/latest", responses=answered(Articles, 410))
def latest_articles(
    request: Request, service: Serving, _: OfPages, k: K = 10, section: Section = None, cursor: Cursor = None
) -> Response:
    """Return the articles of the edition, or of a section, the newest first."""
    return send_model(request, _latest(service, section or None, k, cursor))


def _latest(service: Service, section: str | None, k: int, cursor: str | None) -> Articles:
    opened = service.served.now()
    bench = opened.pipeline.bench
    catalogue = bench.data.catalogue
    ids = catalogue.ids(latest(bench, request_time(bench), section)).to_pylist()
    part, after = part_of(ids, k, f"latest {section or ''}", opened.edition, cursor)
    return Articles(edition=opened.edition, articles=briefs(catalogue, ids[part]), next=after)


@router.get("/articles/trending", responses=answered(ScoredArticles, 410))
def trending_articles(
    request: Request,
    service: Serving,
    _: OfPages,
    k: K = 10,
    section: Section = None,
    region: Region = None,
    cursor: Cursor = None,
) -> Response:
    """Return the articles that are read most at the moment; `score` is what their acts are worth, which decays.

    The list moves while it is read: a later part may have an article that an earlier part had.
    """
    opened = service.served.now()
    catalogue = opened.pipeline.bench.data.catalogue
    found = dict(opened.pipeline.trending(MOST_STORIES, section or None, region or None))
    ids = [news_id for news_id in found if news_id in catalogue.row_of]
    part, after = part_of(ids, k, f"trending {section or ''} {region or ''}", opened.edition, cursor)
    articles = [Scored(**one.model_dump(), score=found[one.news_id]) for one in briefs(catalogue, ids[part])]
    return send_model(request, ScoredArticles(edition=opened.edition, articles=articles, next=after))


@router.get("/sections", responses=answered(Sections))
def all_sections(request: Request, service: Serving, _: OfPages) -> Response:
    """Return the categories of the edition's articles, each with the number of its articles."""
    opened = service.served.now()
    bench = opened.pipeline.bench
    found = sections(bench, request_time(bench))
    listed = [SectionBrief(name=name, articles=count) for name, count in found]
    return send_model(request, Sections(edition=opened.edition, sections=listed))


@router.get("/sections/{name:path}", responses=answered(Articles, 404, 410))
def section_articles(
    request: Request, service: Serving, _: OfPages, name: Name, k: K = 10, cursor: Cursor = None
) -> Response:
    """Return the articles of a section, the newest first."""
    found = _latest(service, name, k, cursor)
    if not found.articles and cursor is None:
        raise ServiceError(404, "No article that may be shown has this section. /v1/sections lists the sections.")
    return send_model(request, found)
