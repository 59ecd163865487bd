"""`/desk/knobs`: settings of the ranking, with the page and the measured price of a change before it is saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from broadsheet.config.arms import with_settings
from broadsheet.config.settings import Config
from broadsheet.errors import InputError
from broadsheet.live.live_workbench import request_time
from broadsheet.offline.knob_price import Price, Progress, measure_price
from broadsheet.orders.book import OrderConflict, Orders
from broadsheet.orders.in_force import knob_settings
from broadsheet.orders.order import Knobs, Order
from broadsheet.service.desk.front import Kind, Name, Number, about_orders
from broadsheet.service.desk.giving import book_of, give, seen_version
from broadsheet.service.desk.ordering import order_in, seen_in
from broadsheet.service.desk.orders import conflicting
from broadsheet.service.desk.prices import Job, prices_of
from broadsheet.service.desk.showing import CHECKED, Editor, Form, show
from broadsheet.service.desk.viewed import Viewed, categories_of, desk_page, viewed_of
from broadsheet.service.serving.problems import documented
from broadsheet.service.serving.service import Service, Serving
from broadsheet.workbench.workbench import Workbench

if TYPE_CHECKING:
    from broadsheet.pages.page import Page
    from broadsheet.pipeline.pipeline import Pipeline

router = APIRouter(include_in_schema=False)

KNOBS = {
    "diversity": ("Diversity", "0 shows the best alone, 1 the most different stories", 1, "0.05"),
    "freshness": ("Freshness", "weight of how new a story is", 10, "0.05"),
    "popularity": ("Popularity", "weight of the clicks of all readers", 10, "0.05"),
    "exploration": ("Exploration", "most slots of a page that try other stories", 10, "1"),
}
"""For each knob its name, what it does, its most, and its step."""


@router.get("/desk/knobs", responses=documented(403, 422, 429, 503))
async def knobs(
    request: Request,
    service: Serving,
    editor: Editor,
    kind: Kind = "new",
    name: Name = "",
    done: Number = 0,
) -> Response:
    """Show the knobs in force; with values, the page under them beside that of now, and their price."""
    given = {knob: request.query_params.get(knob, "").strip() for knob in KNOBS}
    wanted = {knob: value for knob, value in given.items() if value}
    viewed = viewed_of(kind, name)
    try:
        order = order_in({"kind": "knobs", **wanted}) if wanted or "preview" in request.query_params else None
    except InputError as error:
        values = await service.work(_values, service, None, viewed, done)
        return show(request, "knobs.html", 422, **values, given=given, problem=str(error), job=None)
    values = await service.work(_values, service, order, viewed, done)
    job = None if order is None else _job(request, service, values["both"])
    return show(request, "knobs.html", **values, given=given, problem="", job=job)


@router.post("/desk/knobs", dependencies=[CHECKED], responses=documented(403, 409, 422, 429, 503, 507))
def turn(request: Request, service: Serving, editor: Editor, form: Form) -> Response:
    """Save the knobs that were previewed."""
    given, pipeline = {**form, "kind": "knobs"}, service.pipeline
    try:
        order = order_in(given)
        version = seen_version(book_of(pipeline)(), order.order_id, seen_in(form))
        change = give(pipeline, order, editor.name, version)
    except InputError as error:
        return show(request, "refused.html", 422, problem=str(error), form=form)
    except OrderConflict as conflict:
        return conflicting(request, pipeline, conflict, given)
    return RedirectResponse(f"/desk/knobs?done={change.number}", 303)


@dataclass(frozen=True)
class Both:
    """The knobs in force and others, and what is made of them."""

    now: Knobs
    then: Knobs


def _values(service: Service, order: Order | None, viewed: Viewed, done: int) -> dict[str, Any]:
    pipeline = service.pipeline
    orders, bench, file = book_of(pipeline)(), pipeline.bench, service.newsroom.config()
    now = _in_force(orders)
    values = {
        "knobs": KNOBS,
        "viewed": viewed,
        "categories": categories_of(bench),
        "in_file": _knob_values(file),
        "in_force": _knob_values(with_settings(file, knob_settings(file, now))),
        "learned": bench.models.fusion is not None,
        "before": [],
        "after": [],
        "both": None,
        **about_orders(orders, done),
    }
    if order is not None and isinstance(order.what, Knobs):
        both = Both(now, order.what)
        pages = desk_page(pipeline, viewed, _under(bench, now)), desk_page(pipeline, viewed, _under(bench, both.then))
        values |= {"both": both, **_compared(*pages)}
    return values


def _compared(now: Page, then: Page) -> dict[str, Any]:
    """Return the stories of both pages, each with its place on the other page, None where that page lacks it."""
    ours, theirs = now.stories.to_pylist(), then.stories.to_pylist()
    return {"before": _with_place_on(theirs, ours), "after": _with_place_on(ours, theirs)}


def _with_place_on(other: list[dict[str, Any]], stories: list[dict[str, Any]]) -> list[dict[str, Any]]:
    place = {row["news_id"]: row["rank"] for row in other}
    return [{**row, "other": place.get(row["news_id"])} for row in stories]


def _job(request: Request, service: Service, both: Both) -> Job:
    opened = service.served.now()
    measure = partial(_price, opened.pipeline, both)
    return prices_of(request).of((opened.signature, both), measure)


def _price(pipeline: Pipeline, both: Both, progress: Progress) -> Price:
    bench = pipeline.bench
    benches = _under(bench, both.now), _under(bench, both.then)
    return measure_price(*benches, request_time(bench), progress)


def _under(bench: Workbench, knobs: Knobs) -> Workbench:
    """Return the workbench of a request under other knobs, and under all other orders that are in force."""
    file = bench.data.newsroom.config()
    base = with_settings(bench.models.config, {"rerank": _of_file(file), "exploration": vars(file.exploration)})
    return bench.under(bench.models.under(with_settings(base, knob_settings(base, knobs))))


def _of_file(file: Config) -> dict[str, Any]:
    """Return the settings of the ranking that knobs turn, as they are in the newsroom's file."""
    weights = {name: getattr(file.rerank.weights, name) for name in ("freshness", "popularity")}
    return {"diversity": file.rerank.diversity, "weights": weights}


def _knob_values(config: Config) -> Mapping[str, float]:
    explores = config.exploration.slots if config.exploration.policy != "none" else 0
    weights = config.rerank.weights
    return {
        "diversity": config.rerank.diversity,
        "freshness": weights.freshness,
        "popularity": weights.popularity,
        "exploration": explores,
    }


def _in_force(orders: Orders) -> Knobs:
    return orders.at(datetime.now(UTC)).knobs or Knobs()
