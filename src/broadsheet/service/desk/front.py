"""`/desk`: the front page of a reader type, with the reason and scores of each story, and forms to change it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from broadsheet.orders.book import Orders
from broadsheet.orders.order import MOST_SLOTS
from broadsheet.pages.rendering import story_fields
from broadsheet.service.desk.giving import book_of
from broadsheet.service.desk.showing import Editor, show
from broadsheet.service.desk.viewed import Viewed, categories_of, desk_page, viewed_of
from broadsheet.service.serving.problems import documented
from broadsheet.service.serving.service import Serving

if TYPE_CHECKING:
    from broadsheet.pipeline.pipeline import Pipeline

router = APIRouter(include_in_schema=False)

Kind = Annotated[str, Query(max_length=20, alias="for")]
Name = Annotated[str, Query(max_length=200)]
Number = Annotated[int, Query(ge=0, le=10**9)]


@router.get("/desk", responses=documented(403, 422, 429, 503))
async def front(
    request: Request, service: Serving, editor: Editor, kind: Kind = "new", name: Name = "", done: Number = 0
) -> Response:
    """Show the front page of a reader type."""
    values = await service.work(front_values, service.pipeline, viewed_of(kind, name), done)
    return show(request, "front.html", **values)


def front_values(pipeline: Pipeline, viewed: Viewed, done: int) -> dict[str, Any]:
    """Return what the page of the desk shows; `done` is the number of the change that was just made."""
    orders = book_of(pipeline)()
    page = desk_page(pipeline, viewed)
    by_article: dict[str, list[Any]] = {}
    for change in orders.standing:
        if change.order and change.order.news_id:
            by_article.setdefault(change.order.news_id, []).append(change)
    return {
        "viewed": viewed,
        "page": page,
        "stories": [story_fields(row, page.look) for row in page.stories.to_pylist()],
        "by_article": by_article,
        "categories": categories_of(pipeline.bench),
        "most_slots": MOST_SLOTS,
        **about_orders(orders, done),
    }


def about_orders(orders: Orders, done: int = 0) -> dict[str, Any]:
    """Return what each page with forms needs: how many changes there are, and the change that was just made."""
    change = orders.changes[done - 1] if 0 < done <= len(orders.changes) else None
    return {"seen": len(orders.changes), "done": change}


def address_of(viewed: Viewed, done: int = 0) -> str:
    """Return the address of the front page of a reader type."""
    asked = {"for": viewed.kind, "name": viewed.name, "done": done}
    given = urlencode({name: value for name, value in asked.items() if value and value != "new"})
    return f"/desk?{given}" if given else "/desk"
