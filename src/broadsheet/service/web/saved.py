"""The stories that a reader saved."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from broadsheet.live.events.acts import not_undone
from broadsheet.readers.reads import CODES
from broadsheet.service.security.csrf import csrf_token
from broadsheet.service.security.reader import RequestReader
from broadsheet.service.serving.service import Service, Serving
from broadsheet.service.web.making.paper import paper_of
from broadsheet.service.web.making.rendering import answer, notice_of, with_notice_text
from broadsheet.service.web.making.stories import shown_stories

router = APIRouter(include_in_schema=False)

MOST = 100
"""Stories that the page lists, those that were saved last."""


@router.get("/saved")
def saved(request: Request, service: Serving, reader: RequestReader) -> Response:
    """Return the stories that a reader saved, the last one first."""
    opened = service.served.now()
    paper, token = paper_of(opened), csrf_token(request) if reader.id else ""
    ids = _saved_ids(service, reader.id) if reader.id else []
    rows = opened.pipeline.stories(ids).to_pylist() if ids else []
    undo_of = _undo_of(service, reader.id) if ids else {}
    stories = [
        {**story, "event_id": undo_of.get(story["news_id"], "")}
        for story in shown_stories(rows, paper, opened.pipeline.bench.data.catalogue)
    ]
    page = answer(paper, "saved.html", "/saved", stories=stories, token=token)
    return with_notice_text(page, notice_of(request, paper, "/saved", token))


def _saved_ids(service: Service, reader_id: str) -> list[str]:
    pipeline = service.pipeline
    (reader,) = pipeline.readers([reader_id])
    acts = [] if reader.acts is None else reader.acts.tolist()
    rows = [row for row, act in zip(reader.history, acts, strict=False) if act & CODES["save"]]
    ids: list[str] = pipeline.bench.data.catalogue.ids(rows[::-1][:MOST]).to_pylist()
    return ids


def _undo_of(service: Service, reader_id: str) -> dict[str, str]:
    """Return for each story the event that an undo takes back: of stories saved long ago, none is kept."""
    events = not_undone(service.pipeline.events.of_readers([reader_id]).to_pylist())
    return {event["news_id"]: event["event_id"] for event in events if event["kind"] == "save"}
