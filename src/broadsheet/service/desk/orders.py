"""`/desk/orders` and `/desk/log`: all orders that stand, giving and undoing them, and who changed what and when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from broadsheet.corpus.filters import columns_of
from broadsheet.errors import InputError
from broadsheet.orders.book import Change, OrderConflict
from broadsheet.service.desk import giving
from broadsheet.service.desk.front import Number, about_orders, address_of
from broadsheet.service.desk.giving import book_of, seen_version
from broadsheet.service.desk.ordering import order_in, require_known, seen_in
from broadsheet.service.desk.showing import CHECKED, Editor, Form, show
from broadsheet.service.desk.viewed import viewed_of
from broadsheet.service.serving.problems import documented
from broadsheet.service.serving.service import Serving

if TYPE_CHECKING:
    from broadsheet.pipeline.pipeline import Pipeline

router = APIRouter(include_in_schema=False)

A_PAGE = 100
"""Changes on a page of the log."""
OrderId = Annotated[str, Path(pattern="^[0-9a-f]{16}$")]


@router.get("/desk/orders", responses=documented(403, 422, 429, 503))
def standing(request: Request, service: Serving, editor: Editor, done: Number = 0) -> Response:
    """Show the orders that stand, whether or not their time has come, and forms for boosts and caps."""
    return show(request, "orders.html", **_standing(service.pipeline, done))


@router.get("/desk/log", responses=documented(403, 422, 429, 503))
def log(
    request: Request, service: Serving, editor: Editor, before: Annotated[int, Query(ge=1, le=10**9)] = 10**9
) -> Response:
    """Show the changes, the latest first: who, when, from what and to what."""
    orders = book_of(service.pipeline)()
    shown = [one for one in orders.changes if one.number < before][-A_PAGE:][::-1]
    rows = [{"change": one, "before": orders.before(one), "last": _is_last(orders.latest, one)} for one in shown]
    return show(request, "log.html", rows=rows, **about_orders(orders))


@router.post("/desk/orders", dependencies=[CHECKED], responses=documented(403, 409, 422, 429, 503, 507))
def give(request: Request, service: Serving, editor: Editor, form: Form) -> Response:
    """Give the order of a form, and lead back to the page that the form was on."""
    pipeline = service.pipeline
    try:
        order = order_in(form)
        if order.what.kind in ("rewrite", "knobs"):
            raise InputError("kind: the story's own page takes a rewrite, and the page of the knobs takes knobs.")
        require_known(pipeline, order)
        version = seen_version(book_of(pipeline)(), order.order_id, seen_in(form))
        change = giving.give(pipeline, order, editor.name, version)
    except InputError as error:
        return show(request, "refused.html", 422, problem=str(error), form=form)
    except OrderConflict as conflict:
        return conflicting(request, pipeline, conflict, form)
    return _back(form, change)


@router.post("/desk/orders/{order_id}/remove", dependencies=[CHECKED], responses=documented(403, 409, 422, 429, 503))
def take_off(request: Request, service: Serving, editor: Editor, order_id: OrderId, form: Form) -> Response:
    """Take an order off."""
    pipeline = service.pipeline
    try:
        version = seen_version(book_of(pipeline)(), order_id, seen_in(form))
        change = giving.take_off(pipeline, order_id, editor.name, version)
    except InputError as error:
        return show(request, "refused.html", 422, problem=str(error), form=form)
    except OrderConflict as conflict:
        return conflicting(request, pipeline, conflict, {})
    return _back(form, change)


@router.post("/desk/changes/{number}/undo", dependencies=[CHECKED], responses=documented(403, 409, 422, 429, 503))
def undo(
    request: Request,
    service: Serving,
    editor: Editor,
    number: Annotated[int, Path(ge=1, le=10**9)],
    form: Form,
) -> Response:
    """Let what held before a change hold again."""
    pipeline = service.pipeline
    try:
        change = giving.undo(pipeline, number, editor.name)
    except InputError as error:
        return show(request, "refused.html", 422, problem=str(error), form=form)
    except OrderConflict as conflict:
        return conflicting(request, pipeline, conflict, {})
    return _back(form, change)


def conflicting(request: Request, pipeline: Pipeline, conflict: OrderConflict, form: Mapping[str, str]) -> Response:
    """Return the page that says what another editor changed, with the order of this editor to give all the same."""
    orders, change = book_of(pipeline)(), conflict.change
    before = orders.before(change) if change else None
    mine = {name: value for name, value in form.items() if name not in ("seen", "anyway")}
    return show(request, "conflict.html", 409, change=change, before=before, mine=mine, **about_orders(orders))


def _standing(pipeline: Pipeline, done: int) -> dict[str, Any]:
    bench, now = pipeline.bench, datetime.now(UTC)
    orders = book_of(pipeline)()
    news, row_of = bench.data.catalogue.news, bench.data.catalogue.all_rows
    rows = [
        {
            "change": one,
            "holds": one.order.holds(now),
            "title": news["title"][row_of[one.order.news_id]].as_py() if one.order.news_id in row_of else "",
        }
        for one in reversed(orders.standing)
        if one.order
    ]
    page = bench.models.config.page
    marks = [column for column in (page.sponsored, page.paywalled) if column]
    return {"rows": rows, "columns": columns_of(news), "marks": marks, **about_orders(orders, done)}


def _is_last(latest: Mapping[str, Change], change: Change) -> bool:
    return latest[change.order_id].number == change.number


def _back(form: Mapping[str, str], change: Change) -> Response:
    """Lead back to where the form was: to one of the desk's own pages, never to an address that was sent."""
    if form.get("back") == "orders":
        return RedirectResponse(f"/desk/orders?done={change.number}", 303)
    if form.get("back") == "log":
        return RedirectResponse("/desk/log", 303)
    viewed = viewed_of(form.get("for", ""), form.get("name", ""))
    return RedirectResponse(address_of(viewed, change.number), 303)
