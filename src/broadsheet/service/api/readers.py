"""What is known of a reader: own words, mutes, follows and history."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal, TypeVar

import pyarrow as pa
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field, StringConstraints

from broadsheet.live.following import followed, set_followed
from broadsheet.live.muting import mute, unmute
from broadsheet.newsroom.given import given_id
from broadsheet.readers.profiles import CHARACTERS, clear_profile, set_profile
from broadsheet.service.api.parameters import K, ReaderId
from broadsheet.service.security.caller import Caller, needs
from broadsheet.service.security.repeats import ONCE, OnceRoute
from broadsheet.service.serving.answers import answered, send_model
from broadsheet.service.serving.cursors import Cursor, part_of
from broadsheet.service.serving.problems import CHANGING, documented
from broadsheet.service.serving.service import Service, Serving

router = APIRouter(prefix="/v1/readers", tags=["readers"], route_class=OnceRoute, dependencies=[ONCE])

OfReaders = Annotated[Caller, Depends(needs("readers"))]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Names = Annotated[list[Name], Field(max_length=500)]
T = TypeVar("T")


class Words(BaseModel, extra="forbid"):
    """A reader's own words on their interests."""

    text: str = Field(min_length=1, max_length=CHARACTERS)


class Profile(BaseModel):
    """The words on a reader's interests that pages follow."""

    text: str = Field(description="Empty if nobody wrote any.")
    whose: Literal["reader", "publisher", ""] = Field(description="Who wrote them.")


class Mutes(BaseModel, extra="forbid"):
    """What a reader is not shown."""

    categories: Names = Field(default_factory=list)
    sources: Names = Field(default_factory=list)


class Followed(BaseModel, extra="forbid"):
    """A name that a reader follows."""

    field: Literal["category", "subcategory", "source", "topic"]
    name: Name


class Follows(BaseModel, extra="forbid"):
    """What a reader follows, in the order of the choice."""

    follows: Annotated[list[Followed], Field(max_length=500)] = Field(default_factory=list)


class Read(BaseModel):
    """An article that a reader read."""

    news_id: str
    title: str | None = Field(description="null if the edition does not hold the article.")
    category: str | None
    source: str | None
    published_at: datetime | None


class History(BaseModel):
    """A part of a reader's history, the newest first."""

    edition: str
    history: list[Read]
    next: str | None = Field(description="The `cursor` of the next part; null at the end.")


def _changed(service: Service, user_id: str, change: Callable[[], T]) -> T:
    """Return what a change returns; the reader's next page is made anew."""
    try:
        return change()
    finally:
        service.versions.changed([user_id])


@router.get("/{user_id:path}/profile", responses=answered(Profile))
def profile(request: Request, service: Serving, _: OfReaders, user_id: ReaderId) -> Response:
    """Return the words on a reader's interests: the reader's own, or else the publisher's."""
    readers, user_id = service.pipeline.bench.data.readers, given_id(user_id, "user_id")
    if own := readers.profiles().of(user_id):
        return send_model(request, Profile(text=own, whose="reader"))
    text = readers.audience.imported_profile(user_id)
    return send_model(request, Profile(text=text, whose="publisher" if text else ""))


@router.put("/{user_id:path}/profile", responses=documented(*CHANGING))
def put_profile(service: Serving, _: OfReaders, user_id: ReaderId, words: Words) -> Profile:
    """Keep a reader's own words on their interests in place of earlier words."""
    kept = _changed(service, user_id, lambda: set_profile(service.newsroom, user_id, words.text))
    return Profile(text=kept, whose="reader")


@router.delete("/{user_id:path}/profile", responses=documented(*CHANGING), status_code=204)
def delete_profile(service: Serving, _: OfReaders, user_id: ReaderId) -> None:
    """Remove a reader's own words, so that the publisher's count again."""
    _changed(service, user_id, lambda: clear_profile(service.newsroom, user_id))


@router.get("/{user_id:path}/mutes", responses=answered(Mutes))
def mutes(request: Request, service: Serving, _: OfReaders, user_id: ReaderId) -> Response:
    """Return what a reader is not shown, also by a click that no build has carried yet."""
    return send_model(request, _mutes(service, user_id))


def _mutes(service: Service, user_id: str) -> Mutes:
    (reader,) = service.pipeline.readers([user_id])
    return Mutes(categories=sorted(reader.muted_categories), sources=sorted(reader.muted_sources))


@router.put("/{user_id:path}/mutes", responses=documented(*CHANGING))
def put_mutes(service: Serving, _: OfReaders, user_id: ReaderId, wanted: Mutes) -> Mutes:
    """Have a reader not be shown these categories and sources, and let all others in."""
    _changed(service, user_id, lambda: _mute(service, user_id, wanted))
    return _mutes(service, user_id)


def _mute(service: Service, user_id: str, wanted: Mutes) -> None:
    before = _mutes(service, user_id)
    less = [sorted({*getattr(before, kind)} - {*getattr(wanted, kind)}) for kind in ("categories", "sources")]
    if any(less):
        unmute(service.newsroom, user_id, *less)
    if wanted.categories or wanted.sources:
        mute(service.newsroom, user_id, wanted.categories, wanted.sources)


@router.get("/{user_id:path}/follows", responses=answered(Follows))
def follows(request: Request, service: Serving, _: OfReaders, user_id: ReaderId) -> Response:
    """Return what a reader follows, also by a click that no build has carried yet."""
    found = followed(service.newsroom, service.pipeline.events, given_id(user_id, "user_id"))
    return send_model(request, _follows(found))


def _follows(found: list[tuple[str, str]]) -> Follows:
    return Follows.model_validate({"follows": [{"field": field, "name": name} for field, name in found]})


@router.put("/{user_id:path}/follows", responses=documented(*CHANGING))
def put_follows(service: Serving, _: OfReaders, user_id: ReaderId, wanted: Follows) -> Follows:
    """Have a reader follow these names and no others."""
    names = [(one.field, one.name) for one in wanted.follows]
    reader, store = given_id(user_id, "user_id"), service.pipeline.events
    return _follows(_changed(service, user_id, lambda: set_followed(service.newsroom, store, reader, names)))


@router.get("/{user_id:path}/history", responses=answered(History, 410))
def history(
    request: Request, service: Serving, _: OfReaders, user_id: ReaderId, k: K = 10, cursor: Cursor = None
) -> Response:
    """Return what a reader read, the newest first."""
    opened = service.served.now()
    (reader,) = opened.pipeline.readers([user_id])
    ids = list(reversed(reader.user["history"]))
    part, after = part_of(ids, k, f"history {user_id}", opened.edition, cursor)
    catalogue = opened.pipeline.bench.data.catalogue
    columns = ["news_id", "title", "category", "source", "published_at"]
    rows = pa.array(catalogue.rows(ids[part]), pa.int64())
    known = {row["news_id"]: row for row in catalogue.news.select(columns).take(rows).to_pylist()}
    listed = [Read(**known.get(news_id, {**dict.fromkeys(columns), "news_id": news_id})) for news_id in ids[part]]
    return send_model(request, History(edition=opened.edition, history=listed, next=after))
