"""Questions of readers: the answer with its stories as a page, or piece by piece as a stream."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from broadsheet.errors import InputError
from broadsheet.pages.ask import MOST_CHARACTERS
from broadsheet.pages.page import Page
from broadsheet.service.serving.problems import told
from broadsheet.service.serving.served import Open
from broadsheet.service.serving.service import Serving
from broadsheet.service.web.making.paper import given_paper, paper_of
from broadsheet.service.web.making.rendering import answer, html
from broadsheet.service.web.making.stories import shown_stories

router = APIRouter(include_in_schema=False)

PLACES = 8
HEARTBEAT = 15
"""Seconds without an event after which a comment keeps the line open."""
HERE = "/ask"
Question = Annotated[str, Query(max_length=MOST_CHARACTERS)]
_NOTHING: dict[str, Any] = {"question": "", "problem": "", "answer": None, "stories": []}


@router.get(HERE)
async def ask(service: Serving, q: Question = "") -> Response:
    """Return the form, and below it the answer to a question with its stories."""
    opened = service.served.now()
    if not q.strip():
        return answer(await given_paper(opened), "ask.html", HERE, **_NOTHING)
    return await service.work(_asked, opened, q)


def _asked(opened: Open, q: str) -> Response:
    try:
        page = opened.pipeline.ask(q, PLACES)
    except InputError as error:
        return answer(paper_of(opened), "ask.html", HERE, 422, **(_NOTHING | {"question": q, "problem": str(error)}))
    return answer(paper_of(opened), "ask.html", HERE, **_answered(opened, page), question=q, problem="")


@router.get(f"{HERE}/stream", response_class=EventSourceResponse)
async def stream(service: Serving, q: Annotated[str, Query(min_length=1, max_length=MOST_CHARACTERS)]) -> Response:
    """Send the answer to a question, then its stories, as parts of the page: events `answer` and `stories`."""
    opened = service.served.now()
    parts = await service.work(opened.pipeline.ask_stream, q, PLACES)  # a wrong question is said now, with its status

    async def events() -> AsyncIterator[ServerSentEvent]:
        try:
            while (event := await service.work(_next, opened, parts)) is not None:
                yield event
        except Exception as error:  # the status was sent long ago
            yield ServerSentEvent(str(told(error)["detail"]), event="problem")

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return EventSourceResponse(events(), ping=HEARTBEAT, headers=headers)


def _next(opened: Open, parts: Iterator[Any]) -> ServerSentEvent | None:
    part, paper = next(parts, None), paper_of(opened)
    if part is None:
        return None
    if isinstance(part, Page):
        return ServerSentEvent(html(paper, "answered.html", HERE, **_answered(opened, part)), event="stories")
    return ServerSentEvent(html(paper, "answer.html", HERE, answer=part), event="answer")


def _answered(opened: Open, page: Page) -> dict[str, Any]:
    catalogue = opened.pipeline.bench.data.catalogue
    rows = [{**row, "reason": ""} for row in page.stories.to_pylist()]  # each reason would repeat the question
    return {"answer": page.answer, "stories": shown_stories(rows, paper_of(opened), catalogue)}
