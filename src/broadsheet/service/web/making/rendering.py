"""Templates of the readers' pages, filled in: the site's own, or ours."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from markupsafe import Markup

from broadsheet.pages.look import WEB
from broadsheet.pages.templates import environment
from broadsheet.service.serving.stored_pages import Stored
from broadsheet.service.web.making.paper import Paper

log = logging.getLogger(__name__)

HTML = "text/html; charset=utf-8"
NOTICE_HERE = Markup("<!-- notice -->")
"""Where the notice of an act stands, such as "This story is hidden.": a text from outside never has `<`."""


def html(paper: Paper, template: str, here: str, **values: Any) -> str:  # noqa: ANN401
    """Return a page, or a part of a page; `here` is its address, by which the navigation marks it.

    If a template of the site's own fails, the log says why, and readers get the page of our templates.
    """
    shared = {"paper": paper, "words": paper.words, "here": here, "notice_here": NOTICE_HERE, "token": ""}
    if own := str(Path(paper.look.templates, WEB)) if paper.look.templates else "":
        try:
            return _filled(own, template, shared | values)
        except Exception as error:  # whatever an expression of the site's template raises
            log.error(
                "page.templates: %s in %s: %s: %s. Mend the template.", template, own, type(error).__name__, error
            )
    return _filled("", template, shared | values)


def _filled(own: str, template: str, values: dict[str, Any]) -> str:
    return environment("broadsheet.service.web", "templates", own).get_template(template).render(values)


def answer(paper: Paper, template: str, here: str, status: int = 200, **values: Any) -> Response:  # noqa: ANN401
    """Return a page that is made for this request and kept by nobody."""
    headers = {"Cache-Control": "private, no-store", "Vary": "Cookie"}
    return Response(html(paper, template, here, **values), status, headers, HTML)


def message(paper: Paper, status: int, title: str, text: str, *, asks: bool = False) -> Response:
    """Return a page that says why there is no other."""
    return answer(paper, "message.html", "", status, title=title, text=text, asks=asks)


def not_found(paper: Paper) -> Response:
    """Return the page for an address that leads to nothing."""
    return message(paper, 404, paper.words["not_found"], paper.words["not_found_text"])


def with_notice(stored: Stored, notice: str) -> Stored:
    """Return a page that was stored without a notice, with it."""
    return Stored.of(stored.body.replace(NOTICE_HERE.encode(), notice.encode(), 1), stored.media_type)


def with_notice_text(page: Response, notice: str) -> Response:
    """Return a page that nobody keeps, with a notice."""
    page.body = bytes(page.body).replace(NOTICE_HERE.encode(), notice.encode(), 1)
    page.headers["Content-Length"] = str(len(page.body))
    return page


def notice_of(request: Request, paper: Paper, here: str, token: str) -> str:
    """Return the notice of the act that led to this request, as its address says; empty for no such act."""
    done, undo = request.query_params.get("done", ""), request.query_params.get("undo", "")
    said = paper.words.get(f"done_{done}", "")
    if not said or not token:
        return ""
    return html(paper, "notice.html", here, said=said, undo=undo if _is_event_id(undo) else "", token=token)


def _is_event_id(text: str) -> bool:
    return len(text) == 32 and text.isascii() and text.isalnum()
