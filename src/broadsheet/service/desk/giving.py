"""Orders given, taken off and undone: in the book, and an embargo on its article, too."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import TYPE_CHECKING

from broadsheet.orders.book import Change, OrderBook, OrderConflict, Orders
from broadsheet.orders.order import Embargo, Order
from broadsheet.tables.kept import kept_values
from broadsheet.tables.schemas import NEWS

if TYPE_CHECKING:
    from broadsheet.pipeline.pipeline import Pipeline

_ONE_CHANGE = threading.Lock()
"""Held while an article is read and written with another embargo."""


def book_of(pipeline: Pipeline) -> OrderBook:
    """Return the book of orders of the newsroom that a pipeline serves."""
    return pipeline.bench.data.readers.orders


def seen_version(orders: Orders, order_id: str, seen: int) -> int:
    """Return an order's version, if an editor who saw the first `seen` changes saw it; else raise OrderConflict."""
    version = orders.version(order_id)
    if version > seen:
        raise OrderConflict(orders.latest[order_id])
    return version


def give(pipeline: Pipeline, order: Order, editor: str, version: int, note: str = "") -> Change:
    """Save an order, whose version the editor saw; raises OrderConflict if it is another by now."""
    if isinstance(order.what, Embargo):
        order = order.model_copy(update={"what": order.what.model_copy(update={"was": _embargo(pipeline, order)})})
    return _settled(pipeline, book_of(pipeline).save(order, editor, version, note))


def take_off(pipeline: Pipeline, order_id: str, editor: str, version: int) -> Change:
    """Take an order off; raises OrderConflict as `give`, and InputError if it does not stand."""
    return _settled(pipeline, book_of(pipeline).remove(order_id, editor, version))


def undo(pipeline: Pipeline, number: int, editor: str) -> Change:
    """Let what held before a change hold again; raises as `OrderBook.undo`."""
    return _settled(pipeline, book_of(pipeline).undo(number, editor))


def _settled(pipeline: Pipeline, change: Change) -> Change:
    """Write on the article what a change of its embargo says."""
    before = book_of(pipeline)().before(change)
    if change.order and isinstance(change.order.what, Embargo):
        _write(pipeline, change.order.news_id, change.order.what.until)
    elif before and isinstance(before.what, Embargo):  # taken off: what the publisher had said holds again
        _write(pipeline, before.news_id, before.what.was)
    return change


def _embargo(pipeline: Pipeline, order: Order) -> datetime | None:
    """Return the embargo of an order's article without the order: the publisher's."""
    latest = book_of(pipeline)().latest.get(order.order_id)
    if latest and latest.order and isinstance(latest.order.what, Embargo):
        return latest.order.what.was
    return pipeline.bench.data.catalogue.shown_when(order.news_id).get("embargo_until")


def _write(pipeline: Pipeline, news_id: str, until: datetime | None) -> None:
    with _ONE_CHANGE:
        catalogue = pipeline.bench.data.catalogue
        row = catalogue.all_rows.get(news_id)
        if row is None:  # withdrawn meanwhile
            return
        article = catalogue.news.slice(row, 1).select([n for n in NEWS.names if n != "content_hash"]).to_pylist()[0]
        kept = kept_values(article.pop("kept"))
        pipeline.add({**kept, **article, "embargo_until": until})
