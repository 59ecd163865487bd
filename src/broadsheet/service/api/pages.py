"""Pages of readers: `/v1/readers/{user_id}/page`."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from broadsheet.pages.page import Page
from broadsheet.service.security.caller import Caller, needs
from broadsheet.service.serving.answers import send
from broadsheet.service.serving.problems import documented
from broadsheet.service.serving.service import Serving
from broadsheet.service.serving.stored_pages import Stored

router = APIRouter(prefix="/v1", tags=["pages"])


ReaderId = Annotated[str, Path(min_length=1, max_length=200, description="The reader's id.")]
K = Annotated[int, Query(ge=1, le=100, description="Most stories on the page.")]
Section = Annotated[str | None, Query(max_length=200, description="Only articles of this category.")]
Exclude = Annotated[list[str] | None, Query(max_length=200, description="Ids of articles that are not wanted.")]
Format = Annotated[Literal["json", "html"], Query(description="In which form the page is sent.")]


def filters_of(section: str | None, exclude: list[str] | None) -> dict[str, Any]:
    """Return the filters of a request; see `Pipeline.run`."""
    filters: dict[str, Any] = {"only": {"category": [section]}} if section else {}
    return filters | ({"exclude": {"news_id": sorted(set(exclude))}} if exclude else {})


@router.get("/readers/{user_id}/page", responses=documented(401, 403, 422, 429, 503))
async def page(
    request: Request,
    service: Serving,
    _: Annotated[Caller, Depends(needs("pages"))],
    user_id: ReaderId,
    k: K = 10,
    section: Section = None,
    exclude: Exclude = None,
    form: Annotated[Format, Query(alias="format")] = "json",
) -> Response:
    """Return the page of a reader: at most k stories, best first."""
    filters = filters_of(section, exclude)
    opened = service.served.now()
    key = service.key_of(opened, user_id, form, k, json.dumps(filters))
    stored = service.stored.get(key)
    if stored is None:
        made = await asyncio.wrap_future(service.page(user_id, k, filters))
        stored = _as_sent(made, form)
        service.stored.put(key, stored)
    return send(request, stored, f"private, max-age=0, stale-while-revalidate={service.stored.seconds:.0f}")


def _as_sent(made: Page, form: str) -> Stored:
    if form == "html":
        return Stored.of(made.to_html().encode(), "text/html; charset=utf-8")
    return Stored.of(json.dumps(made.to_dict(), ensure_ascii=False).encode(), "application/json")
