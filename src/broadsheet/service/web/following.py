"""What a reader follows: own words, sections, sources and topics, mutes, feed addresses, and being forgotten."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Form, Request, Response

from broadsheet.live.following import followed, set_followed
from broadsheet.live.muting import mute, unmute
from broadsheet.readers.forget import forget
from broadsheet.readers.profiles import CHARACTERS, clear_profile, set_profile
from broadsheet.service.security.csrf import checked_csrf, csrf_token
from broadsheet.service.security.reader import Reader, RequestReader, forget_reader
from broadsheet.service.serving.service import Service, Serving
from broadsheet.service.web.acts import refused, way_back
from broadsheet.service.web.making.feed_addresses import has_feed, new_feed, no_feed
from broadsheet.service.web.making.kept_pages import drop_page
from broadsheet.service.web.making.known import known_of
from broadsheet.service.web.making.paper import Paper, paper_of
from broadsheet.service.web.making.rendering import answer, message, notice_of, with_notice_text

router = APIRouter(include_in_schema=False)

HERE = "/following"
FORM = Depends(checked_csrf)
Name = Annotated[str, Form(min_length=1, max_length=200)]


@router.get(HERE)
def following(request: Request, service: Serving, reader: RequestReader) -> Response:
    """Return what a reader follows and mutes, with the forms to change it."""
    return _page(request, service, reader)


def _page(request: Request, service: Service, reader: Reader, feeds: list[dict[str, str]] | None = None) -> Response:
    paper, token = paper_of(service.served.now()), csrf_token(request) if reader.id else ""
    values: dict[str, Any] = {
        "token": token,
        "most": CHARACTERS,
        "feeds": feeds or [],
        "known": None,
        "has_feed": False,
    }
    if reader.id:
        values |= {"known": known_of(service, reader.id), "has_feed": has_feed(service, reader.id)}
    page = answer(paper, "following.html", HERE, **values)
    return with_notice_text(page, notice_of(request, paper, HERE, token))


@router.post(f"{HERE}/words", dependencies=[FORM])
def words(
    request: Request, service: Serving, reader: RequestReader, words: Annotated[str, Form(max_length=5000)] = ""
) -> Response:
    """Keep a reader's own words, or remove them if the field is empty."""

    def change() -> None:
        if words.strip():
            set_profile(service.newsroom, reader.id, words)
        else:
            clear_profile(service.newsroom, reader.id)

    return _changed(request, service, reader, change, "words", HERE)


@router.post(f"{HERE}/follow", dependencies=[FORM])
def follow(
    request: Request,
    service: Serving,
    reader: RequestReader,
    field: Annotated[Literal["category", "source", "topic"], Form()],
    name: Name,
    back: str = Form(HERE, max_length=600),
) -> Response:
    """Have a reader follow a section, a source or a topic."""
    if unknown := _unknown(service, field, name):
        return unknown
    store = service.pipeline.events

    def change() -> None:
        set_followed(service.newsroom, store, reader.id, [*followed(service.newsroom, store, reader.id), (field, name)])

    return _changed(request, service, reader, change, "follow", back)


@router.post(f"{HERE}/mute", dependencies=[FORM])
def mute_here(
    request: Request,
    service: Serving,
    reader: RequestReader,
    field: Annotated[Literal["category", "source"], Form()],
    name: Name,
    back: str = Form(HERE, max_length=600),
) -> Response:
    """Mute a section or a source for a reader."""
    if unknown := _unknown(service, field, name):
        return unknown
    names = ([name], []) if field == "category" else ([], [name])
    return _changed(request, service, reader, lambda: mute(service.newsroom, reader.id, *names), "mute", back)


@router.post(f"{HERE}/drop", dependencies=[FORM])
def drop(
    request: Request,
    service: Serving,
    reader: RequestReader,
    said: Annotated[Literal["follow", "mute"], Form()],
    field: Annotated[Literal["category", "subcategory", "source", "topic"], Form()],
    name: Name,
) -> Response:
    """Take a name off what a reader follows or mutes."""

    def change() -> None:
        if said == "mute":
            unmute(service.newsroom, reader.id, *(([name], []) if field == "category" else ([], [name])))
            return
        store = service.pipeline.events
        kept = [one for one in followed(service.newsroom, store, reader.id) if one != (field, name)]
        set_followed(service.newsroom, store, reader.id, kept)

    return _changed(request, service, reader, change, "drop", HERE)


@router.post(f"{HERE}/feed", dependencies=[FORM])
def feed(
    request: Request, service: Serving, reader: RequestReader, act: Annotated[Literal["new", "end"], Form()]
) -> Response:
    """Make a new address of the reader's feeds, shown once, which ends the earlier one; or end it."""
    paper = paper_of(service.served.now())
    if not reader.id:
        return refused(request, paper)
    if act == "end":
        no_feed(service, reader.id)
        return way_back(HERE, "drop")
    base = service.config.service.public_url.rstrip("/") or str(request.base_url).rstrip("/")
    return _page(request, service, reader, _feeds(paper, f"{base}/feeds/{new_feed(service, reader.id)}"))


def _feeds(paper: Paper, address: str) -> list[dict[str, str]]:
    return [
        {"name": f"{name}, {paper.words[f'feed_{length}']}", "address": f"{address}/feed.{form}{query}"}
        for name, form in (("RSS", "rss"), ("Atom", "atom"), ("JSON Feed", "json"))
        for length, query in (("full", "?full=1"), ("headlines", ""))
    ]


@router.post("/forget-me", dependencies=[FORM])
def forget_me(
    request: Request, service: Serving, reader: RequestReader, sure: Annotated[str, Form(max_length=10)] = ""
) -> Response:
    """Forget a reader: from the next request on nothing is known, and the cookie is gone."""
    paper = paper_of(service.served.now())
    if not reader.id:
        return refused(request, paper)
    if sure != "yes":
        return message(paper, 422, paper.words["not_taken"], paper.words["not_sure"])
    no_feed(service, reader.id)
    models = ", ".join(str(model["name"]) for model in forget(service.newsroom, reader.id).models)
    service.versions.changed([reader.id])
    drop_page(service, reader.id)
    text = paper.words["forgotten_text"]
    if models:
        text += " " + paper.words["forgotten_models"].format(models=models)
    page = message(paper, 200, paper.words["forgotten_title"], text)
    forget_reader(request, page)
    return page


def _changed(
    request: Request, service: Service, reader: Reader, change: Callable[[], object], done: str, back: str
) -> Response:
    """Make a change for a reader who agreed to be remembered, and lead back; the next page is made anew."""
    if not reader.id:
        return refused(request, paper_of(service.served.now()))
    change()
    service.versions.changed([reader.id])
    return way_back(back, done)


def _unknown(service: Service, field: str, name: str) -> Response | None:
    """Return the page that says that no article has this section or source; None for a known name, and for a topic."""
    paper = paper_of(service.served.now())
    known = {"category": paper.all_sections, "source": paper.sources}.get(field)
    if known is None or name in known:
        return None
    return message(paper, 422, paper.words["not_taken"], paper.words["unknown_name"].format(name=name))
