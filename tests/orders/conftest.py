"""The orders of editors in a copy of the built newsroom, and a pin, for the tests of a folder."""

import pytest

from broadsheet.orders.book import OrderBook
from broadsheet.orders.order import Order, Pin


@pytest.fixture
def book(copy):
    return OrderBook(copy)


def pin(news_id, slot=1, category="", **times):
    return Order(what=Pin(news_id=news_id, slot=slot, category=category), **times)
