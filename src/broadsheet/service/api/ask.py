"""Questions in a reader's own words: the answer with its page at once, or piece by piece as a stream."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from pydantic import BaseModel, Field
from sse_starlette import EventSourceResponse, ServerSentEvent

from broadsheet.pages.page import Page
from broadsheet.service.api.pages import OfPages
from broadsheet.service.api.parameters import Exclude, Ids, K, Section, filters_of
from broadsheet.service.api.shapes import PageBody
from broadsheet.service.serving.problems import CHANGING, READING, Responses, documented, told
from broadsheet.service.serving.service import Service, Serving
from broadsheet.service.serving.streams import Piece

router = APIRouter(prefix="/v1/ask", tags=["ask"])

MOST_CHARACTERS = 1000
HEARTBEAT = 15
"""Seconds without an event after which a comment keeps the line open."""
_STREAM: Responses = {
    200: {
        "description": "Events `sentence`, `answer`, `page` and `end`, or `problem`; each has an id to go on from.",
        "content": {"text/event-stream": {}},
    }
}
LastEventId = Annotated[
    str | None,
    Header(max_length=100, description="The id of the last event that came: the stream goes on after it."),
]
Text = Annotated[str, Query(alias="q", min_length=1, max_length=MOST_CHARACTERS, description="The question.")]


class Question(BaseModel, extra="forbid"):
    """A question, and what is wanted of its page."""

    text: str = Field(min_length=1, max_length=MOST_CHARACTERS, description="The question or wish in words.")
    k: int = Field(10, ge=1, le=100, description="Most stories on the page.")
    section: str | None = Field(None, max_length=200, description="Only articles of this category.")
    exclude: Ids = Field(default_factory=list, description="Ids of articles that are not wanted.")
    log: bool = Field(False, description="Whether the page counts as shown: its event is logged, without a reader.")


def _asked(q: Text, k: K = 10, section: Section = None, exclude: Exclude = None) -> Question:
    return Question(text=q, k=k, section=section, exclude=exclude or [], log=False)


@router.post("", responses=documented(*CHANGING))
async def ask(service: Serving, _: OfPages, question: Question) -> PageBody:
    """Return a page in answer to a text; its `answer` quotes sentences of the best stories."""
    return await service.work(_answer, service, question)


def _answer(service: Service, question: Question) -> PageBody:
    filters = filters_of(question.section, question.exclude)
    page = service.pipeline.ask(question.text, question.k, filters)
    _log(service, page, question)
    return PageBody.model_validate(page.to_dict())


def _log(service: Service, page: Page, question: Question) -> None:
    if question.log and page.stories.num_rows:
        service.log(page.event())


@router.get("/stream", responses=_STREAM | documented(*READING), response_class=EventSourceResponse)
async def stream(
    request: Request,
    service: Serving,
    _: OfPages,
    question: Annotated[Question, Depends(_asked)],
    last_event_id: LastEventId = None,
) -> EventSourceResponse:
    """Send the answer to a text piece by piece, as server-sent events; a browser's EventSource goes on by itself."""
    return await _streamed(service, question, last_event_id)


@router.post("/stream", responses=_STREAM | documented(*CHANGING), response_class=EventSourceResponse)
async def stream_of_body(
    service: Serving, _: OfPages, question: Question, last_event_id: LastEventId = None
) -> EventSourceResponse:
    """Send the same for a question in the body, which stands in no log of addresses."""
    return await _streamed(service, question, last_event_id)


async def _streamed(service: Service, question: Question, last_event_id: str | None) -> EventSourceResponse:
    found = service.streams.find(last_event_id) if last_event_id else None
    if found is None:
        # What is wrong with the question is said now, with its status, and not in the stream.
        pieces = await service.work(_pieces, service, question)
        found = service.streams.new(pieces), 0
    answer, number = found

    async def events() -> AsyncIterator[ServerSentEvent]:
        try:
            async for event_id, piece in answer.after(number, service.work):
                yield ServerSentEvent(piece.data, event=piece.name, id=event_id)
        except Exception as error:  # the status was sent long ago: the problem is an event
            yield ServerSentEvent(json.dumps(told(error)), event="problem")

    return EventSourceResponse(
        events(), ping=HEARTBEAT, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )


def _pieces(service: Service, question: Question) -> Iterator[Piece]:
    """Return the pieces of an answer; raises the errors of `Pipeline.ask` now."""
    filters = filters_of(question.section, question.exclude)
    parts = service.pipeline.ask_stream(question.text, question.k, filters)

    def made() -> Iterator[Piece]:
        for part in parts:
            if not isinstance(part, Page):
                for sentence in part.to_dict()["sentences"]:
                    yield _piece("sentence", sentence)
                yield _piece("answer", part.to_dict())
            else:
                _log(service, part, question)
                yield _piece("page", PageBody.model_validate(part.to_dict()).model_dump(mode="json"))
        yield _piece("end", {})

    return made()


def _piece(name: str, data: dict[str, Any]) -> Piece:
    return Piece(name, json.dumps(data, ensure_ascii=False))
