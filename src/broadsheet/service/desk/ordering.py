"""Giving orders: what a form or a call says, checked against the articles, and saved if no other editor was first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from broadsheet.corpus.filters import ArticleValues
from broadsheet.errors import InputError
from broadsheet.orders.order import KINDS, Order, Rewrite
from broadsheet.service.desk.showing import given_time
from broadsheet.service.desk.texts import article_of, gate_findings

if TYPE_CHECKING:
    from broadsheet.pipeline.pipeline import Pipeline


def order_in(form: Mapping[str, str]) -> Order:
    """Return the order that a form gives: the fields of its kind, and the times in UTC.

    Raises InputError that names every wrong field.
    """
    fields = KINDS[form["kind"]].model_fields if form.get("kind") in KINDS else {"kind": None}
    what = {
        name: " ".join(value.split()) for name, value in form.items() if name in fields and name != "until" and value
    }
    if "until" in fields and (until := given_time(form, "until")):
        what["until"] = until
    return checked_order({"what": what, "starts": given_time(form, "starts"), "ends": given_time(form, "ends")})


def checked_order(values: Mapping[str, Any]) -> Order:
    """Return an order of values from outside; raises InputError that names every wrong value."""
    try:
        return Order.model_validate(values)
    except ValidationError as error:
        raise InputError("; ".join(_said(one) for one in error.errors(include_url=False))) from None


def require_known(pipeline: Pipeline, order: Order) -> None:
    """Raise InputError if no article has the id, or the column, that an order is about."""
    bench = pipeline.bench
    if order.news_id and order.news_id not in bench.data.catalogue.all_rows:
        raise InputError(f"news_id: found {order.news_id[:80]!r}, expected the id of an article of this newsroom.")
    column = getattr(order.what, "column", "")
    if column and (problem := ArticleValues(bench.data.catalogue.news).problem(column)):
        raise InputError(f"column: {problem}")


def gate_note(pipeline: Pipeline, order: Order, *, anyway: bool) -> str:
    """Return what the fact gate finds in the words of an order, for its note; empty for an order without words.

    Raises InputError if the gate finds anything and the editor does not publish it anyway, or if the article's text is
    another than the editor read.
    """
    if not isinstance(order.what, Rewrite):
        return ""
    article = article_of(pipeline.bench, order.news_id)
    if article is None or article["content_hash"] != order.what.content_hash:
        raise InputError("content_hash: the article's text has changed since you read it. Read the new text first.")
    found = gate_findings(article, order.what.headline, order.what.summary)
    note = "; ".join(f"{part}: {problem}" for part, problems in found.items() for problem in problems)
    if note and not anyway:
        raise InputError(f"The fact gate found: {note}. Mend the words, or publish them anyway.")
    return note


def seen_in(form: Mapping[str, str]) -> int:
    """Return how many changes there were when a form was shown; 0 where it does not say."""
    text = form.get("seen", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _said(problem: Mapping[str, Any]) -> str:
    where = ".".join(str(part) for part in problem["loc"] if part not in (*KINDS, "what"))
    return f"{where}: {problem['msg'].removeprefix('Value error, ')}".removeprefix(": ")
