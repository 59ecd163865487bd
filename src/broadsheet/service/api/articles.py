"""Changes of articles: add, replace, correct, withdraw; each holds for the next request of every process."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from broadsheet.service.api.parameters import Id, NewsId
from broadsheet.service.api.stories import UNKNOWN
from broadsheet.service.security.accounts import acts
from broadsheet.service.security.accounts.acts import note
from broadsheet.service.security.caller import Caller, needs
from broadsheet.service.security.repeats import ONCE, OnceRoute
from broadsheet.service.serving.problems import CHANGING, ServiceError, documented
from broadsheet.service.serving.service import Service, Serving
from broadsheet.tables.kept import kept_values
from broadsheet.tables.locks import locked
from broadsheet.tables.schemas import NEWS
from broadsheet.text import web_link

router = APIRouter(prefix="/v1/articles", tags=["articles"], route_class=OnceRoute, dependencies=[ONCE])

OfArticles = Annotated[Caller, Depends(needs("articles"))]
_LOCK = ".articles.lock"
"""Of every process of this machine while an article is changed, in the folder of the service: between the reading of an
article's text and its correction no other text comes."""


def _link(url: str) -> str:
    if url and not web_link(url):
        raise ValueError("expected an address that begins with http:// or https://")
    return url


def _utc(time: datetime | None) -> datetime | None:
    if time is None:
        return None
    if not 1900 <= time.year <= 2200:
        raise ValueError("expected a time from 1900 to 2200")
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


Name = Annotated[str, StringConstraints(max_length=200)]
Kept = dict[Annotated[str, StringConstraints(min_length=1, max_length=100)], Annotated[str, Field(max_length=5_000)]]


class ArticleFields(BaseModel, extra="forbid"):
    """The fields of an article, as table news has them."""

    title: str = Field("", max_length=1_000, description="Made of the text if it is empty.")
    abstract: str = Field("", max_length=10_000)
    body: str = Field("", max_length=500_000)
    category: Name = ""
    subcategory: Name = ""
    language: Annotated[str, StringConstraints(max_length=35)] = ""
    source: Name = ""
    url: Annotated[str, StringConstraints(max_length=2_000), AfterValidator(_link)] = Field(
        "", description="http or https."
    )
    published_at: Annotated[datetime | None, AfterValidator(_utc)] = Field(
        None, description="UTC unless it names a zone; the time of the request if it is not given."
    )
    embargo_until: Annotated[datetime | None, AfterValidator(_utc)] = Field(
        None, description="Until then the article is shown nowhere; UTC unless it names a zone. null: no embargo."
    )
    expires_at: Annotated[datetime | None, AfterValidator(_utc)] = Field(
        None, description="From then on the article is shown nowhere; null: it does not expire."
    )
    kept: Annotated[Kept, Field(max_length=50)] = Field(
        default_factory=dict, description="Further columns: those that the newsroom keeps are taken."
    )


class NewArticle(ArticleFields):
    """An article of a batch."""

    news_id: Id


class Batch(BaseModel, extra="forbid"):
    """Articles to add or replace."""

    articles: Annotated[list[NewArticle], Field(min_length=1, max_length=1_000)]


class Taken(BaseModel):
    """What became of articles."""

    taken: int
    replaced: int = Field(description="How many of the articles taken had the id of an earlier article.")
    skipped: dict[str, int] = Field(description="Articles that were not taken, by reason.")
    notes: dict[str, int] = Field(description="What was changed or is doubtful in articles taken.")
    left_out: list[str] = Field(description="Columns that the newsroom does not keep.")


class Withdrawn(BaseModel):
    """What became of a withdrawal."""

    news_id: str
    was_known: bool = Field(description="Whether an article had the id; if not, no import will bring one.")


@router.put("/{news_id:path}", responses=documented(*CHANGING))
def put(service: Serving, caller: OfArticles, news_id: NewsId, article: ArticleFields) -> Taken:
    """Add an article, or replace the article with this id; fields that are not given are empty."""
    with _one_change(service):
        taken = _added(service, [_row(news_id, article)])
    note(service.state, caller, acts.PUT, news_id)
    return taken


@router.patch("/{news_id:path}", responses=documented(*CHANGING, 404))
def correct(service: Serving, caller: OfArticles, news_id: NewsId, article: ArticleFields) -> Taken:
    """Correct some fields of an article; fields that are not given stay as they are."""
    with _one_change(service):
        catalogue = service.pipeline.bench.data.catalogue
        place = catalogue.all_rows.get(news_id)  # also of an article under an embargo
        if place is None:
            raise ServiceError(404, UNKNOWN)
        before = catalogue.news.slice(place, 1).to_pylist()[0]
        given = article.model_dump(exclude_unset=True)
        kept = kept_values(before.pop("kept")) | given.pop("kept", {})
        row = {**kept, **{name: before[name] for name in _FIELDS}, **given, "news_id": news_id}
        taken = _added(service, [row])
    note(service.state, caller, acts.CORRECTED, news_id)
    return taken


@router.delete("/{news_id:path}", responses=documented(*CHANGING))
def withdraw(service: Serving, caller: OfArticles, news_id: NewsId) -> Withdrawn:
    """Withdraw an article: no page, list or answer shows it any more, and no import brings it back."""
    with _one_change(service):
        was_known = not service.pipeline.withdraw([news_id])
    note(service.state, caller, acts.WITHDRAWN, news_id)
    return Withdrawn(news_id=news_id, was_known=was_known)


@router.post("/batch", responses=documented(*CHANGING))
def put_batch(service: Serving, caller: OfArticles, batch: Batch) -> Taken:
    """Add or replace up to 1,000 articles: 200 with the number of the skipped by reason, 422 if none was taken."""
    with _one_change(service):
        taken = _added(service, [_row(article.news_id, article) for article in batch.articles])
    named = ", ".join(article.news_id for article in batch.articles)
    note(service.state, caller, acts.PUT, f"{taken.taken} of {len(batch.articles)}: {named}")
    return taken


def _one_change(service: Service) -> AbstractContextManager[None]:
    return locked(service.state.path.with_name(_LOCK))


_FIELDS = [name for name in NEWS.names if name not in ("news_id", "content_hash", "kept")]


def _row(news_id: str, article: ArticleFields) -> dict[str, Any]:
    fields = article.model_dump(include=set(_FIELDS))
    return {**article.kept, **fields, "published_at": article.published_at or datetime.now(UTC), "news_id": news_id}


def _added(service: Service, rows: list[dict[str, Any]]) -> Taken:
    report = service.pipeline.add(rows).to_dict()
    return Taken(
        taken=report["taken"]["news"],
        replaced=report["replaced"]["news"],
        skipped=report["skipped"],
        notes=report["notes"],
        left_out=report["left_out"].get("news", []),
    )
