"""A workbench under the orders of editors, which hold from the next request on, without a build."""

from __future__ import annotations

from datetime import UTC, datetime

from broadsheet.config.settings import Config
from broadsheet.corpus.filters import columns_of
from broadsheet.newsroom import Newsroom
from broadsheet.orders.book import OrderBook
from broadsheet.orders.in_force import InForce, ordered
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.locks import ThreadLock
from broadsheet.tables.schemas import NEWS
from broadsheet.workbench.workbench import Workbench


class OrderedBench:
    """The workbench of a request under the orders in force; safe to share between threads.

    It is made again only when the orders or the articles changed, and shares all that they do not touch.
    """

    def __init__(self) -> None:
        self._lock = ThreadLock()
        self._last: tuple[Workbench, InForce, Workbench] | None = None

    def __call__(self, bench: Workbench) -> Workbench:
        """Return the workbench under what is in force at this moment; the same workbench while nothing is.

        Raises ContractError if the table of orders is damaged.
        """
        orders = bench.data.readers.orders().at(datetime.now(UTC))
        if orders.is_empty:
            return bench
        with self._lock:
            last = self._last
            if last is None or last[0] is not bench or last[1] is not orders:
                self._last = last = bench, orders, _under(bench, orders)
            return last[2]

    def at_hand(self, bench: Workbench) -> Workbench | None:
        """Return what the call returns, if nothing has to be read or made for it; else None."""
        book = bench.data.readers.orders
        if not book.is_at_hand():
            return None
        orders, last = book().at(datetime.now(UTC)), self._last
        if orders.is_empty:
            return bench
        return last[2] if last is not None and last[0] is bench and last[1] is orders else None


def _under(bench: Workbench, orders: InForce) -> Workbench:
    config = ordered(bench.models.config, orders, columns_of(bench.data.catalogue.news))
    found = bench.under(bench.models.under(config))
    _ = found.retriever, found.reranker, found.selection  # made now, so that no two threads make it
    return found


def ordered_at_night(newsroom: Newsroom, config: Config) -> Config:
    """Return the settings of a build under the orders that are in force when it begins."""
    orders = OrderBook(newsroom)().at(datetime.now(UTC))
    return config if orders.is_empty else ordered(config, orders, columns_of(read_table(newsroom.news, NEWS)))
