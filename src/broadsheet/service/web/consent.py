"""Consent: before a yes nothing is kept of a reader; a no is kept in a cookie that holds nothing else."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from broadsheet.service.security.csrf import checked_csrf
from broadsheet.service.security.reader import refuse_reader, remember_reader

router = APIRouter(include_in_schema=False)


@router.post("/consent", dependencies=[Depends(checked_csrf)])
async def consent(request: Request, choice: Annotated[Literal["yes", "no"], Form()]) -> Response:
    """Remember a reader's yes or no, and lead to the front page."""
    answer = RedirectResponse("/?done=consent" if choice == "yes" else "/", 303)
    if choice == "yes":
        remember_reader(request, answer)
    else:
        refuse_reader(request, answer)
    return answer
