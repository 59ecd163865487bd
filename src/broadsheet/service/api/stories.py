"""One article: its text, articles like it, its story with digest and timeline, and why it is on a reader's page."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from broadsheet.live.live_workbench import request_time
from broadsheet.pages.article_lists import of_event, row_of, similar, visible
from broadsheet.pipeline.why import why
from broadsheet.service.api.lists import briefs
from broadsheet.service.api.pages import OfPages
from broadsheet.service.api.parameters import Exclude, K, NewsId, ReaderId, Section, filters_of
from broadsheet.service.api.shapes import Article, ArticleBrief, Scored, ScoredArticles
from broadsheet.service.serving.answers import answered, send_model
from broadsheet.service.serving.cursors import Cursor, part_of
from broadsheet.service.serving.problems import ServiceError
from broadsheet.service.serving.service import Service, Serving
from broadsheet.workbench.workbench import Workbench

router = APIRouter(prefix="/v1", tags=["articles"])
why_router = APIRouter(prefix="/v1", tags=["pages"])

UNKNOWN = "No article that may be shown has this id."
PageId = Annotated[str | None, Query(max_length=200, description="The id of a page that was logged as shown.")]


class StoryBody(BaseModel):
    """An article as readers see it, and what else is known of its event."""

    edition: str
    article: ArticleBrief
    headline: str
    summary: str
    method: dict[str, str] = Field(description="How headline and summary were made.")
    digest: dict[str, Any] | None = Field(description="What several articles say of the event; null if one does.")
    timeline: list[ArticleBrief] = Field(description="The articles on the event, itself among them, oldest first.")


class SignalBody(BaseModel):
    """A signal of the article."""

    name: str
    value: float | None
    weight: float | None
    lift: float | None = Field(description="By how much it lifts the score above the mean of the reader's list.")


class MoveBody(BaseModel):
    """What a change would do, computed by ranking anew."""

    change: str = Field(
        description="forget read, forget history, forget words, hide, mute, follow or read similar.",
    )
    field: str = Field(description="news_id, category, subcategory or source; empty if the change names nothing.")
    value: str
    rank: int | None = Field(description="The rank after the change; null if the article would not be listed.")


class SlotBody(BaseModel):
    """Where the article stood on a page that was logged as shown."""

    page_id: str
    slot: int
    policy: str
    propensity: float | None = Field(description="Probability that the slot had this article.")


class WhyBody(BaseModel):
    """Why an article is at its rank for a reader, as of now and without exploration."""

    edition: str
    rank: int | None = Field(description="1 is best; null if the article is not in the reader's list.")
    listed: int = Field(description="Length of the list that was ranked.")
    on_page: bool = Field(description="Whether the rank is among the first k.")
    reason: str
    because_news_id: str | None
    fused: float | None
    signals: list[SignalBody] = Field(description="The largest lift first.")
    moves: list[MoveBody]
    shown: SlotBody | None = Field(description="Where it stood on the page that `page_id` names.")


class _Found(NamedTuple):
    edition: str
    bench: Workbench
    as_of: datetime
    row: int


def _found(service: Serving, news_id: NewsId) -> _Found:
    """Return an article that may be shown now; raises ServiceError 404 for any other id."""
    opened = service.served.now()
    bench = opened.pipeline.bench
    as_of = request_time(bench)
    row = row_of(bench.data.catalogue, visible(bench, as_of), news_id)
    if row is None:
        raise ServiceError(404, UNKNOWN)
    return _Found(opened.edition, bench, as_of, row)


Known = Annotated[_Found, Depends(_found)]


@router.get("/articles/{news_id:path}/similar", responses=answered(ScoredArticles, 404, 410))
def similar_articles(
    request: Request, _: OfPages, news_id: NewsId, found: Known, k: K = 10, cursor: Cursor = None
) -> Response:
    """Return the articles most like an article by their vectors; no story comes twice, nor its own event."""
    catalogue = found.bench.data.catalogue
    alike = similar(found.bench, found.row, found.as_of)
    ids = catalogue.ids([row for row, _ in alike]).to_pylist()
    score = dict(zip(ids, (likeness for _, likeness in alike), strict=True))
    part, after = part_of(ids, k, f"similar {news_id}", found.edition, cursor)
    articles = [Scored(**one.model_dump(), score=score[one.news_id]) for one in briefs(catalogue, ids[part])]
    return send_model(request, ScoredArticles(edition=found.edition, articles=articles, next=after))


@router.get("/articles/{news_id:path}/story", responses=answered(StoryBody, 404))
def story(request: Request, service: Serving, _: OfPages, news_id: NewsId, found: Known) -> Response:
    """Return an article's headline and summary, the digest of its event, and the articles on the event by time."""
    catalogue = found.bench.data.catalogue
    texts = service.pipeline.stories([news_id]).to_pylist()
    if not texts:  # withdrawn in this moment
        raise ServiceError(404, UNKNOWN)
    ids = catalogue.ids(of_event(found.bench, found.row, found.as_of)).to_pylist()
    named = {name: texts[0][name] for name in ("headline", "summary", "method", "digest")}
    (article,) = briefs(catalogue, [news_id])
    body = StoryBody(edition=found.edition, article=article, timeline=briefs(catalogue, ids), **named)
    return send_model(request, body)


@router.get("/articles/{news_id:path}", responses=answered(Article, 404))
def article(request: Request, _: OfPages, news_id: NewsId, found: Known) -> Response:
    """Return an article with its text."""
    (brief,) = briefs(found.bench.data.catalogue, [news_id])
    text = found.bench.data.catalogue.news.column("body")[found.row].as_py()
    return send_model(request, Article(**brief.model_dump(), body=text))


@why_router.get("/readers/{user_id:path}/page/{news_id:path}/why", responses=answered(WhyBody, 404))
async def why_on_page(
    request: Request,
    service: Serving,
    _: OfPages,
    user_id: ReaderId,
    news_id: NewsId,
    found: Known,
    k: K = 10,
    section: Section = None,
    exclude: Exclude = None,
    page_id: PageId = None,
) -> Response:
    """Return why an article is at its rank for a reader, and what would move it up or off.

    The rank is that of the page which would be made now: a story that the reader was just shown and did not open ranks
    lower than it stood; `page_id` asks where it stood. Each change is ranked anew, which takes a second or more.
    """
    told = await service.work(why, service.pipeline, user_id, news_id, k, filters_of(section, exclude))
    shown = await service.work(_slot, service, user_id, news_id, page_id) if page_id else None
    body = WhyBody(
        edition=found.edition,
        on_page=told.rank is not None and told.rank <= k,
        signals=[SignalBody(**signal._asdict()) for signal in told.signals],
        moves=[MoveBody(**asdict(move)) for move in told.moves],
        shown=shown,
        **{name: getattr(told, name) for name in ("rank", "listed", "reason", "because_news_id", "fused")},
    )
    return send_model(request, body)


def _slot(service: Service, user_id: str, news_id: str, page_id: str) -> SlotBody:
    for page in service.pipeline.events.pages([page_id]).to_pylist():
        if page["user_id"] == user_id and news_id in page["shown"]:
            slot = page["shown"].index(news_id)
            chance = page["propensity"][slot] if page["propensity"] else None
            return SlotBody(page_id=page_id, slot=slot + 1, policy=page["policy"] or "none", propensity=chance)
    raise ServiceError(404, "No page of this reader with this article was logged under this page_id.")
