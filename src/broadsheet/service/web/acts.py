"""What readers do on their pages: acts and taking them back, clicks, views and reading."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import uuid4

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import BaseModel, Field, ValidationError

from broadsheet.live.events.report import LogReport
from broadsheet.live.live_workbench import request_time
from broadsheet.pages.article_lists import row_of, visible
from broadsheet.service.security.csrf import check_csrf, checked_csrf
from broadsheet.service.security.guarding.head import is_head
from broadsheet.service.security.reader import RequestReader
from broadsheet.service.serving.problems import ServiceError
from broadsheet.service.serving.service import Service, Serving
from broadsheet.service.web.making.paper import Paper, paper_of
from broadsheet.service.web.making.rendering import message, not_found
from broadsheet.text import web_link

router = APIRouter(include_in_schema=False)

MOST_VIEWS = 100
LONGEST_ID = 200
MOST_SECONDS = 86_400
Id = Annotated[str, Form(max_length=LONGEST_ID)]
Back = Annotated[str, Form(max_length=600)]


class View(BaseModel):
    """A story that came in sight."""

    slot: int = Field(ge=1, le=1000)
    seconds: float = Field(ge=0, le=MOST_SECONDS)


class Beacon(BaseModel):
    """What a page sends when its reader leaves it."""

    csrf_token: str = Field(max_length=200)
    page: str = Field(max_length=LONGEST_ID)
    views: list[View] = Field(default_factory=list, max_length=MOST_VIEWS)
    story: str = Field("", max_length=LONGEST_ID)
    seconds: float = Field(0, ge=0, le=MOST_SECONDS)


async def _sent(request: Request) -> Beacon:
    """Return what was sent; navigator.sendBeacon sends JSON as plain text."""
    try:
        return Beacon.model_validate_json(await request.body())
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_url=False, include_input=False)) from None


@router.post("/act", dependencies=[Depends(checked_csrf)])
def act(
    request: Request,
    service: Serving,
    reader: RequestReader,
    act: Annotated[Literal["like", "dislike", "hide", "save"], Form()],
    news_id: Id,
    page: Id = "",
    back: Back = "/",
) -> Response:
    """Log an act on a story, and lead back to where the reader was."""
    paper = paper_of(service.served.now())
    if not reader.id:
        return refused(request, paper)
    event = new_event(service, reader.id, act, news_id=news_id)
    report = service.log(event | {"page_id": page}) if page else service.log(event)
    if page and not report.taken:  # the page is older than the event store: the act itself still holds
        report = service.log(event)
    return done(request, paper, report, act, event["event_id"], back)


@router.post("/undo", dependencies=[Depends(checked_csrf)])
def undo(request: Request, service: Serving, reader: RequestReader, event_id: Id, back: Back = "/") -> Response:
    """Take back an act of this reader; nobody can take back what another reader did."""
    paper = paper_of(service.served.now())
    if not reader.id:
        return refused(request, paper)
    report = service.log(new_event(service, reader.id, "undo", undoes=event_id))
    return done(request, paper, report, "undo", "", back)


@router.get("/go/{news_id:path}")
def go(request: Request, service: Serving, reader: RequestReader, news_id: str, page: str = "") -> Response:
    """Lead to the article on its publisher's site, and log the click of a reader who agreed to that.

    The address is the article's own: a caller cannot name another.
    """
    opened = service.served.now()
    bench = opened.pipeline.bench
    row = row_of(bench.data.catalogue, visible(bench, request_time(bench)), news_id)
    link = "" if row is None else web_link(bench.data.catalogue.news.column("url")[row].as_py())
    if not link:
        return not_found(paper_of(opened))
    is_ours = request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")
    purpose = request.headers.get("sec-purpose", "") + request.headers.get("purpose", "")
    is_ahead = is_head(request) or "prefetch" in purpose
    if reader.id and 0 < len(page) <= LONGEST_ID and is_ours and not is_ahead:
        service.log(new_event(service, reader.id, "click", news_id=news_id, page_id=page))
    return RedirectResponse(link, 302, {"Cache-Control": "no-store", "Referrer-Policy": "origin"})


@router.post("/beacon", status_code=204)
def beacon(
    request: Request, service: Serving, reader: RequestReader, sent: Annotated[Beacon, Depends(_sent)]
) -> Response:
    """Log what came in sight of a reader, and how long a story's page was read."""
    check_csrf(request, sent.csrf_token)
    if reader.id and sent.page:
        views = [
            new_event(service, reader.id, "view", page_id=sent.page, slot=view.slot, seconds=view.seconds)
            for view in sent.views
        ]
        read = {"news_id": sent.story, "page_id": sent.page, "seconds": sent.seconds}
        service.log([*views, *([new_event(service, reader.id, "dwell", **read)] if sent.story else [])])
    return Response(status_code=204)


def new_event(service: Service, reader_id: str, kind: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return an event of now; in an archive, of the archive's time."""
    bench = service.pipeline.bench
    time = request_time(bench) if bench.models.config.clock == "latest" else datetime.now(UTC)
    return {"event_id": uuid4().hex, "kind": kind, "user_id": reader_id, "time": time, **fields}


def done(request: Request, paper: Paper, report: LogReport, what: str, event_id: str, back: str) -> Response:
    """Return the answer to an act: for a script what to say, for a browser the way back."""
    if not report.taken:
        reason = "; ".join(report.refused) or "the same was said before"
        if wants_json(request):
            raise ServiceError(422, f"The act was not taken: {reason}.")
        return message(paper, 422, paper.words["not_taken"], f"{reason}.")
    if wants_json(request):
        said = {"said": paper.words[f"done_{what}"], "undo": paper.words["undo"], "event_id": event_id}
        return JSONResponse(said, headers={"Cache-Control": "no-store"})
    return way_back(back, what, event_id)


def way_back(back: str, what: str, event_id: str = "") -> Response:
    """Lead back to a page of ours, which then says what was done."""
    path = back.partition("?")[0]
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isascii() and path.isprintable()
    undo = f"&undo={event_id}" if event_id else ""
    return RedirectResponse(f"{path if is_ours else '/'}?done={what}{undo}", 303)


def refused(request: Request, paper: Paper) -> Response:
    """Return the answer to a reader of whom nothing may be kept."""
    if wants_json(request):
        raise ServiceError(403, paper.words["not_allowed_text"])
    return message(paper, 403, paper.words["not_allowed"], paper.words["not_allowed_text"], asks=True)


def wants_json(request: Request) -> bool:
    """Return whether a script sent the request."""
    return "application/json" in request.headers.get("accept", "")
