"""What a reader sees in place of a page that cannot be shown: a page too, where a browser asks."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from broadsheet.errors import BroadsheetError
from broadsheet.service.security.caller import current_caller
from broadsheet.service.web.making.paper import given_paper
from broadsheet.service.web.making.rendering import message, not_found

if TYPE_CHECKING:
    from fastapi import Request, Response
    from fastapi.responses import JSONResponse

API = "/v1/"


async def shown_problem(request: Request, problem: JSONResponse) -> Response:
    """Return a problem as a page if a browser asks for a page, else as it is."""
    if request.url.path.startswith(API) or "text/html" not in request.headers.get("accept", ""):
        return problem
    caller = current_caller(request)
    try:
        paper = await given_paper(request.app.state.service.served.now())
    except BroadsheetError:  # without an edition there is no look for a page
        return problem
    if problem.status_code == HTTPStatus.NOT_FOUND:
        page = not_found(paper)
    elif problem.status_code == HTTPStatus.FORBIDDEN and request.method == "GET" and caller.kind == "user":
        text = paper.words["role_lacks_text"].format(name=caller.name)
        page = message(paper, problem.status_code, paper.words["role_lacks"], text)
    else:
        page = message(paper, problem.status_code, paper.words["not_shown"], paper.words["not_shown_text"])
    page.headers.update({name: value for name, value in problem.headers.items() if name not in page.headers})
    return page
