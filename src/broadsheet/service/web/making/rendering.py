"""Templates of the readers' pages, filled in: every value is escaped, and no template can reach into the program."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from fastapi import Request, Response
from markupsafe import Markup

from broadsheet.service.serving.stored_pages import Stored
from broadsheet.service.web.making.paper import Paper
from broadsheet.text import html_value

if TYPE_CHECKING:
    from jinja2 import Environment

HTML = "text/html; charset=utf-8"
NOTICE_HERE = Markup("<!-- notice -->")
"""Where the notice of an act stands, such as "This story is hidden.": a text from outside never has `<`."""


def html(paper: Paper, template: str, here: str, **values: Any) -> str:  # noqa: ANN401
    """Return a page, or a part of a page; `here` is its address, by which the navigation marks it."""
    shared = {"paper": paper, "words": paper.words, "here": here, "notice_here": NOTICE_HERE, "token": ""}
    return environment().get_template(template).render(shared | values)


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


@cache
def environment() -> Environment:
    """Return the environment of the templates."""
    from jinja2 import DictLoader, StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    folder = files("broadsheet.service.web") / "templates"
    return SandboxedEnvironment(
        finalize=html_value,
        loader=DictLoader({file.name: file.read_text("utf-8") for file in folder.iterdir()}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
