"""What is held of a reader, as one file; and forgetting a reader."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from broadsheet.newsroom.given import given_id
from broadsheet.operations.reader_file import reader_lines
from broadsheet.readers.forget import forget
from broadsheet.readers.forgotten import ForgottenReaders
from broadsheet.service.api.parameters import ReaderId
from broadsheet.service.security.accounts.acts import FORGOTTEN, note
from broadsheet.service.security.caller import Caller, needs
from broadsheet.service.security.repeats import ONCE, OnceRoute
from broadsheet.service.serving.problems import CHANGING, READING, documented
from broadsheet.service.serving.service import Serving

router = APIRouter(prefix="/v1/readers", tags=["readers"], route_class=OnceRoute, dependencies=[ONCE])

OfReaders = Annotated[Caller, Depends(needs("readers"))]
LINES = "application/x-ndjson"


class Trained(BaseModel):
    """A trained model that read clicks of a reader."""

    name: str = Field(description="Its folder among the newsroom's models.")
    trained_at: str


class Forgotten(BaseModel):
    """What became of a call to forget a reader."""

    until: datetime = Field(
        description="What the reader did until then is unknown from now on, and in no file after the next build."
    )
    models: list[Trained] = Field(
        description="The trained models that read clicks of the reader; they stay until they are trained anew."
    )


class _Lines(Response):
    media_type = LINES


@router.get("/{user_id:path}/export", response_class=_Lines, responses=documented(*READING))
def export(service: Serving, _: OfReaders, user_id: ReaderId) -> Response:
    """Return all that is held of a reader, a JSON document on each line; `broadsheet import reader` takes it."""
    lines = "".join(reader_lines(service.newsroom, user_id))
    headers = {"Cache-Control": "no-store", "Content-Disposition": 'attachment; filename="reader.jsonl"'}
    return _Lines(lines, headers=headers)


@router.post("/{user_id:path}/forget", responses=documented(*CHANGING))
def forget_reader(service: Serving, caller: OfReaders, user_id: ReaderId) -> Forgotten:
    """Forget a reader: the next request knows nothing of the reader, and the next build removes the rest."""
    user_id = given_id(user_id, "user_id")
    try:
        done = forget(service.newsroom, user_id)
    finally:
        service.versions.changed([user_id])
    # The newsroom's own hash, as in its table of forgotten readers: it tells the reader to nobody.
    key = ForgottenReaders(service.newsroom).key_of(user_id)
    note(service.state, caller, FORGOTTEN, f"reader {key[:16]}")
    return Forgotten(until=done.time, models=[Trained(**model) for model in done.models])
