"""Requests do not wait for another request that reads what other processes wrote."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from broadsheet.live.articles import withdraw_articles
from broadsheet.orders.book import OrderBook
from broadsheet.orders.order import Order
from broadsheet.tables import files

PATHS = [
    "/v1/readers/fan/page",
    "/",
    "/section/science",
    "/feed.rss",
    "/feeds/unknown/feed.rss",
    "/embed.json",
    "/ask",
    "/why/N1",
    "/v1/articles/latest",
]
WAITS = 20
"""Seconds after which a request counts as held up; the test ends as soon as it is answered."""


def answered_meanwhile(client, service, path):
    """Ask for a page while what it has to read cannot be read, and return the answer of another request meanwhile."""
    with ThreadPoolExecutor(2) as threads:
        with service.pipeline._live._lock:
            page = threads.submit(client.get, path)
            while not service.metrics.in_flight._value.get():
                time.sleep(0.001)
            time.sleep(0.05)  # the page comes to where it reads
            other = threads.submit(client.get, "/v1/health/live")
            try:
                return other.result(WAITS), page
            finally:
                assert not page.done()


@pytest.mark.parametrize("path", PATHS)
def test_a_page_that_reads_new_articles_lets_other_requests_through(client, service, path):
    client.get(path)
    withdraw_articles(service.newsroom, [f"X{path}"], dict)  # as another process does
    other, page = answered_meanwhile(client, service, path)
    assert other.status_code == 200
    assert page.result(WAITS).status_code in (200, 403, 404)


def test_what_is_at_hand_is_what_would_be_read(served, service):
    pipeline = service.pipeline
    settled(pipeline)
    assert pipeline.bench_at_hand() is pipeline.bench
    withdraw_articles(served, ["N1"], dict)
    assert pipeline.bench_at_hand() is None
    assert "N1" not in pipeline.bench.data.catalogue.row_of
    settled(pipeline)
    assert pipeline.bench_at_hand() is pipeline.bench


def test_an_order_of_another_process_has_to_be_read(served, service):
    pipeline = service.pipeline
    settled(pipeline)
    order = Order.model_validate({"what": {"kind": "knobs", "diversity": 0.9}})
    change = OrderBook(served).save(order, "ann", 0)
    assert pipeline.bench_at_hand() is None
    assert pipeline.bench.models.config.rerank.diversity == 0.9
    settled(pipeline)
    assert pipeline.bench_at_hand() is pipeline.bench
    OrderBook(served).remove(order.order_id, "ann", change.number)
    assert pipeline.bench_at_hand() is None
    assert pipeline.bench.models.config.rerank.diversity == pytest.approx(0.5)


@pytest.fixture(autouse=True)
def quickly_settled(monkeypatch):
    monkeypatch.setattr(files, "_SETTLED", 0.05)


def settled(pipeline):
    """Wait until what was written lies so far back that its time tells it from a later change."""
    while pipeline.bench_at_hand() is None:
        _ = pipeline.bench
        time.sleep(0.02)
