"""The forms in which a page is sent: JSON, HTML and three feeds; which one a caller wants."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, get_args

from fastapi import Query

from broadsheet.pages.feeds import FEEDS, Addresses
from broadsheet.pages.page import Page
from broadsheet.service.serving.problems import ServiceError
from broadsheet.service.serving.stored_pages import Stored

Form = Literal["json", "html", "rss", "atom", "jsonfeed"]
AskedForm = Annotated[
    Form | None,
    Query(alias="format", description="In which form the page is sent; without it, the header Accept says."),
]
Full = Annotated[bool, Query(description="Whether a feed has summaries beside the headlines.")]
MEDIA_TYPES = {"json": "application/json", "html": "text/html"} | {name: kind for name, (_, kind) in FEEDS.items()}
CONTENT: dict[str, Any] = {
    kind: {"schema": {"type": "string"}} for name, kind in MEDIA_TYPES.items() if name not in ("json", "jsonfeed")
} | {MEDIA_TYPES["jsonfeed"]: {"schema": {"type": "object"}}}
"""What a route documents of the forms beside JSON."""


def chosen_form(form: Form | None, accept: str) -> Form:
    """Return the form that a caller names, or likes best by its header Accept: JSON where both are silent.

    Raises ServiceError 406 if Accept takes none of the forms.
    """
    if form is not None:
        return form
    if not accept or accept == "*/*":
        return "json"
    wishes = [_wish(part) for part in accept.split(",")[:50]]
    liked = {name: _liking(kind, wishes) for name, kind in MEDIA_TYPES.items()}
    best: Form = max(get_args(Form), key=lambda name: liked[name])
    if liked[best] <= 0:
        raise ServiceError(406, f"Accept: expected one of {', '.join(MEDIA_TYPES.values())}.")
    return best


def _wish(part: str) -> tuple[str, float]:
    kind, *parameters = (one.strip() for one in part.lower().split(";"))
    for one in parameters:
        if one.startswith("q="):
            try:
                return kind, float(one[2:])
            except ValueError:
                return kind, 0.0
    return kind, 1.0


def _liking(kind: str, wishes: list[tuple[str, float]]) -> float:
    """Return how much a media type is wanted: what names it most exactly counts."""
    for range_ in (kind, f"{kind.partition('/')[0]}/*", "*/*"):
        found = [quality for wish, quality in wishes if wish == range_]
        if found:
            return max(found)
    return 0.0


def as_sent(page: Page, form: Form, addresses: Addresses, *, full: bool) -> Stored:
    """Return a page as it is sent in a form."""
    if form == "html":
        return Stored.of(page.to_html().encode(), "text/html; charset=utf-8")
    if form == "json":
        return Stored.of(json.dumps(page.to_dict(), ensure_ascii=False).encode(), "application/json")
    write, kind = FEEDS[form]
    return Stored.of(write(page, addresses, full=full), kind)
