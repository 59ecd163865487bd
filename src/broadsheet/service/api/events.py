"""What readers do, sent by a site: one event, many, or what a browser sends by `navigator.sendBeacon`."""

from __future__ import annotations

import json
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Body, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError

from broadsheet.live.events.report import LogReport
from broadsheet.service.security.caller import Caller, needs
from broadsheet.service.security.csrf import check_csrf
from broadsheet.service.security.reader import RequestReader
from broadsheet.service.security.repeats import ONCE, OnceRoute
from broadsheet.service.security.security import security_of
from broadsheet.service.serving.problems import CHANGING, ServiceError, documented
from broadsheet.service.serving.service import Service, Serving

router = APIRouter(prefix="/v1/events", tags=["events"], route_class=OnceRoute, dependencies=[ONCE])
beacons = APIRouter(prefix="/v1/events", tags=["events"])

MOST_EVENTS = 10_000
"""Most events of a request."""
MOST_BEACON = 200
"""Most events that a page sends as it is left: a browser sends 64 KiB at most."""
BEACON = (400, 403, 408, 413, 422, 429, 500, 503, 507)
"""Statuses of problems of a route that needs no key."""
JSON, LINES = "application/json", "application/x-ndjson"
OfEvents = Annotated[Caller, Depends(needs("events"))]
_EVENT = {"type": "object", "description": "An event with the columns of table events.", "required": ["kind"]}
_BATCH: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            JSON: {"schema": {"type": "array", "maxItems": MOST_EVENTS, "items": _EVENT}},
            LINES: {"schema": {"type": "string", "description": "A JSON object on each line."}},
        },
    }
}
_BEACON: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            kind: {"schema": {"type": "object", "description": "`csrf_token` and `events`, as JSON."}}
            for kind in (JSON, "text/plain")
        },
    }
}


class LogBody(BaseModel):
    """What became of events: how many were taken, and why others were refused."""

    taken: dict[str, int] = Field(description="Events that are on the disk now, by kind.")
    new: int = Field(description="How many of the events taken were not there before.")
    repeated: int = Field(description="How many of the events taken were sent before, by their event_id.")
    refused: dict[str, int] = Field(description="Events that were not taken, by reason.")
    examples: dict[str, str]
    left_out: dict[str, int] = Field(description="Values that were left out, by kind and field.")
    first: str | None
    last: str | None


@router.post("", responses=documented(*CHANGING))
def event(
    service: Serving, _: OfEvents, event: Annotated[dict[str, Any], Body(description=_EVENT["description"])]
) -> LogBody:
    """Log an event; when the answer comes, it is on the disk."""
    return logged(service, [event])


@router.post("/batch", responses=documented(*CHANGING), openapi_extra=_BATCH)
async def batch(request: Request, service: Serving, _: OfEvents) -> LogBody:
    """Log events, as a JSON array or as JSON lines.

    The answer is 200 if an event was taken, with the number of the refused by reason, and 422 if every event was
    refused. An event that was sent before counts as taken, and is logged once.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in (JSON, LINES):
        raise ServiceError(415, f"Content-Type: expected {JSON} or {LINES}.")
    body = await request.body()
    return await anyio.to_thread.run_sync(lambda: logged(service, events_in(body, is_lines=kind == LINES)))


def logged(service: Service, events: list[Any]) -> LogBody:
    """Log events; raises ServiceError 422 if every event was refused."""
    report = service.log(events)
    if not report.taken:
        raise ServiceError(422, _refusal(report))
    return LogBody.model_validate(report.to_dict())


def _refusal(report: LogReport) -> str:
    reasons = [
        f"{reason}{f' ({report.examples[reason]})' if reason in report.examples else ''}"
        f"{f', {count:,} events' if count > 1 else ''}"
        for reason, count in report.refused.items()
    ]
    return f"No event was taken: {'; '.join(reasons) or 'there was no event'}."


def events_in(body: bytes, *, is_lines: bool) -> list[Any]:
    """Return the events of a body; raises ServiceError 422 for what is no JSON array or lines, or is too long."""
    try:
        found = [json.loads(line) for line in body.split(b"\n") if line.strip()] if is_lines else json.loads(body)
    except (ValueError, RecursionError):
        expected = "a JSON object on each line" if is_lines else "a JSON array"
        raise ServiceError(422, f"body: found what cannot be read, expected {expected}.") from None
    if not isinstance(found, list) or len(found) > MOST_EVENTS:
        count = f"{len(found):,} events" if isinstance(found, list) else "no array"
        raise ServiceError(422, f"body: found {count}, expected an array of at most {MOST_EVENTS:,} events.")
    if not all(isinstance(one, dict) for one in found):
        raise ServiceError(422, "body: found an event that is no JSON object, expected objects alone.")
    return found


class Beacon(BaseModel, extra="forbid"):
    """What a reader's browser sends by `navigator.sendBeacon`."""

    csrf_token: str = Field(max_length=200, description="The token of the page, as its forms have it.")
    events: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MOST_BEACON)]


@beacons.post("/beacon", responses=documented(*BEACON), status_code=204, openapi_extra=_BEACON)
async def beacon(request: Request, service: Serving, reader: RequestReader) -> Response:
    """Log what the reader of the cookie did, sent as JSON or as text by a page that is left; no key is needed.

    The events are the reader's own, whoever they name; of more than 600 in a minute the rest is left out. Nothing is
    logged of a reader who did not agree to be remembered, and the answer says nothing of what became of the events.
    """
    try:
        sent = Beacon.model_validate_json(await request.body())
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_url=False, include_input=False)) from None
    check_csrf(request, sent.csrf_token)
    if reader.id:
        limit = security_of(request).events
        events = [
            {**event, "user_id": reader.id}
            for event in sent.events
            if event.get("kind") != "page" and not limit.take(f"reader {reader.id}").wait
        ]
        await anyio.to_thread.run_sync(service.log, events)
    return Response(status_code=204)
