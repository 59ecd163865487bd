"""`/desk/story/{news_id}`: a story's words side by side, its rewrite, and the orders about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse

from broadsheet.errors import InputError
from broadsheet.orders.book import OrderConflict
from broadsheet.orders.order import MOST_SLOTS, Rewrite
from broadsheet.service.desk.front import Number, about_orders
from broadsheet.service.desk.giving import book_of, give, seen_version
from broadsheet.service.desk.ordering import order_in, seen_in
from broadsheet.service.desk.orders import conflicting
from broadsheet.service.desk.showing import CHECKED, Editor, Form, show
from broadsheet.service.desk.texts import article_of, gate_findings, words_of
from broadsheet.service.serving.problems import ServiceError, documented
from broadsheet.service.serving.service import Serving

if TYPE_CHECKING:
    from broadsheet.pipeline.pipeline import Pipeline

router = APIRouter(include_in_schema=False)

NewsId = Annotated[str, Path(min_length=1, max_length=1024)]


@router.get("/desk/story/{news_id:path}", responses=documented(403, 404, 422, 429, 503))
async def story(request: Request, service: Serving, editor: Editor, news_id: NewsId, done: Number = 0) -> Response:
    """Show a story's words side by side, with what the fact gate finds in each."""
    values = await service.work(_values, service.pipeline, news_id, done)
    return show(request, "story.html", **values, form=values["start"], found=None)


@router.post("/desk/rewrite/{news_id:path}", dependencies=[CHECKED], responses=documented(403, 404, 409, 422, 429, 503))
async def rewrite(request: Request, service: Serving, editor: Editor, news_id: NewsId, form: Form) -> Response:
    """Give a story the editor's words, if the fact gate passes them or the editor publishes them anyway."""
    return await service.work(_rewritten, request, service.pipeline, editor.name, news_id, form)


def _rewritten(request: Request, pipeline: Pipeline, editor: str, news_id: str, form: dict[str, str]) -> Response:
    article = _article(pipeline, news_id)
    given = {**form, "kind": "rewrite", "news_id": news_id}
    try:
        order = order_in(given)
    except InputError as error:
        return _again(request, pipeline, news_id, form, {"form": [str(error)]})
    if not isinstance(order.what, Rewrite) or order.what.content_hash != article["content_hash"]:
        changed = "The article's text has changed since this form was shown. Read the new text, then save again."
        return _again(request, pipeline, news_id, form, {"form": [changed]}, 409)
    found = gate_findings(article, order.what.headline, order.what.summary)
    note = "; ".join(f"{part}: {problem}" for part, problems in found.items() for problem in problems)
    if note and form.get("anyway") != "yes":
        return _again(request, pipeline, news_id, form, found)
    try:
        version = seen_version(book_of(pipeline)(), order.order_id, seen_in(form))
        change = give(pipeline, order, editor, version, note)
    except OrderConflict as conflict:
        return conflicting(request, pipeline, conflict, given)
    return RedirectResponse(f"/desk/story/{quote(news_id, safe='')}?done={change.number}", 303)


def _again(
    request: Request,
    pipeline: Pipeline,
    news_id: str,
    form: dict[str, str],
    found: dict[str, list[str]],
    status: int = 422,
) -> Response:
    """Show the form again, with the words that were sent and what was found in them."""
    values = _values(pipeline, news_id, 0)
    return show(request, "story.html", status, **values, form={**values["start"], **form}, found=found)


def _values(pipeline: Pipeline, news_id: str, done: int) -> dict[str, Any]:
    article = _article(pipeline, news_id)
    orders = book_of(pipeline)()
    words = words_of(pipeline, article)
    about = [one for one in orders.standing if one.order and one.order.news_id == news_id]
    ours = [one.order for one in about if one.order and isinstance(one.order.what, Rewrite)]
    stale = any(isinstance(one.what, Rewrite) and one.what.content_hash != article["content_hash"] for one in ours)
    start = {"headline": words[0].headline, "summary": words[0].summary, "starts": "", "ends": ""}
    return {
        "article": article,
        "embargo": pipeline.bench.data.catalogue.shown_when(news_id).get("embargo_until"),
        "words": words,
        "about": about,
        "stale": stale,
        "start": start,
        "most_slots": MOST_SLOTS,
        **about_orders(orders, done),
    }


def _article(pipeline: Pipeline, news_id: str) -> dict[str, Any]:
    article = article_of(pipeline.bench, news_id)
    if article is None:
        raise ServiceError(404, "No article has this id. It may have been withdrawn.")
    return article
