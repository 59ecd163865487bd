import gc
import logging
import os
import re
import subprocess
import sys
import threading

import pytest
from prometheus_client.parser import text_string_to_metric_families

from broadsheet.service.monitoring.latencies import latencies, quantile
from broadsheet.service.monitoring.monitoring import FOLDER, shared_instruments
from broadsheet.service.monitoring.of_events import EventRates
from broadsheet.service.monitoring.of_processes import Garbage
from broadsheet.service.security.caller import Caller, caller_of
from broadsheet.service.serving.metrics import Metrics

OURS = re.compile(r"(broadsheet|process|python)(_[a-z0-9]+)+")
NO_BASE_UNIT = re.compile(
    r"_(milliseconds|ms|minutes|hours|days_ago|kilobytes|kib|megabytes|mib|percent|percents|bits)(_|$)"
)


def families(client):
    text = client.get("/metrics").text
    return {family.name: family for family in text_string_to_metric_families(text)}


def value(client, name, **labels):
    """The value of a sample; 0 for a sample that is not there."""
    for family in families(client).values():
        for sample in family.samples:
            if sample.name == name and sample.labels == labels:
                return sample.value
    return 0


def problems(family):
    """What `promtool check metrics` would say."""
    name, label_names = family.name, {key for sample in family.samples for key in sample.labels}
    if not OURS.fullmatch(name):
        yield f"{name}: not a name of ours"
    if not family.documentation.endswith("."):
        yield f"{name}: no sentence says what it is"
    if NO_BASE_UNIT.search(name):
        yield f"{name}: not in a base unit"
    if family.type == "counter" and not all(sample.name.endswith("_total") for sample in family.samples):
        yield f"{name}: a counter without _total"
    if family.type != "counter" and name.endswith("_total"):
        yield f"{name}: _total, but no counter"
    if family.type != "histogram" and name.endswith(("_count", "_sum", "_bucket")):
        yield f"{name}: a suffix of histograms"
    yield from (f"{name}: label {label}" for label in label_names if not re.fullmatch(r"[a-z]+", label))


def test_there_are_more_than_sixty_metrics_named_by_the_conventions(client):
    client.get("/v1/health/ready")
    found = families(client)
    assert len(found) >= 60
    assert not [problem for family in found.values() for problem in problems(family)]
    assert value(client, "broadsheet_missing_metric_groups") == 0


def test_a_scrape_needs_a_key_with_the_scope(client, app):
    as_operator = app.dependency_overrides.pop(caller_of)
    try:
        assert client.get("/metrics").status_code == 401
        assert client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 401
        app.dependency_overrides[caller_of] = lambda: Caller("key", "site", frozenset({"pages"}))
        assert client.get("/metrics").status_code == 403
    finally:
        app.dependency_overrides[caller_of] = as_operator
    answer = client.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"


def test_requests_are_counted_by_the_template_of_their_route(client):
    labels = {"method": "GET", "route": "/v1/readers/{user_id}/page", "status": "200"}
    before = value(client, "broadsheet_http_requests_total", **labels)
    for reader in ("one", "two"):
        assert client.get(f"/v1/readers/{reader}/page?k=3").status_code == 200
    assert value(client, "broadsheet_http_requests_total", **labels) == before + 2
    route = {"route": labels["route"]}
    assert value(client, "broadsheet_http_request_duration_seconds_count", **route) >= 2
    assert value(client, "broadsheet_http_response_bytes_total", **route) > 1000
    assert value(client, "broadsheet_http_requests_in_flight") == 1  # the scrape itself


def test_addresses_that_lead_nowhere_and_strange_methods_are_one_series(client):
    for name in ("a", "b"):
        client.get(f"/nowhere-{name}")
    client.request("BREW", "/nowhere")
    labels = [
        sample.labels
        for sample in families(client)["broadsheet_http_requests"].samples
        if sample.labels["status"] == "404"
    ]
    assert {"method": "GET", "route": "unmatched", "status": "404"} in labels
    assert {"method": "other", "route": "unmatched", "status": "404"} in labels and len(labels) == 2


def test_an_unexpected_error_is_counted(client, app):
    def fails():
        raise ValueError("a mistake")

    app.router.add_api_route("/fails", fails)
    before = value(client, "broadsheet_http_failed_requests_total")
    with pytest.raises(ValueError):
        client.get("/fails")
    assert value(client, "broadsheet_http_failed_requests_total") == before + 1
    assert value(client, "broadsheet_http_requests_total", method="GET", route="/fails", status="500") == 1
    assert value(client, "broadsheet_http_requests_in_flight") == 1


def test_pages_and_stored_pages_are_counted(client):
    names = "broadsheet_pages_made_total", "broadsheet_stored_page_hits_total", "broadsheet_stored_page_misses_total"
    stored = value(client, "broadsheet_stored_pages")
    before = [value(client, names[0], kind="new"), *(value(client, name) for name in names[1:])]
    for _ in range(3):
        client.get("/v1/readers/a-newcomer/page?k=2")
    after = [value(client, names[0], kind="new"), *(value(client, name) for name in names[1:])]
    assert [now - then for then, now in zip(before, after, strict=True)] == [1, 2, 1]
    assert (
        value(client, "broadsheet_stored_pages") == stored + 1 and value(client, "broadsheet_stored_pages_bytes") > 100
    )
    assert value(client, "broadsheet_page_block_readers_count") >= 1
    assert value(client, "broadsheet_page_queue_wait_seconds_count") >= 1


def test_events_are_counted_by_kind_and_by_the_reason_of_their_refusal(client, app):
    service = app.state.service
    name, refused = "broadsheet_events_taken_total", "broadsheet_events_refused_total"
    before = value(client, name, kind="save"), value(client, refused, reason="unknown article")
    news_id = next(iter(service.pipeline.bench.data.catalogue.row_of))
    time = service.pipeline.bench.data.as_of.isoformat()
    event = {"event_id": "once", "kind": "save", "user_id": "u", "time": time}
    for each in (event | {"news_id": news_id}, event | {"news_id": news_id}, event | {"news_id": "no such article"}):
        service.log([each])
    after = value(client, name, kind="save"), value(client, refused, reason="unknown article")
    assert after == (before[0] + 2, before[1] + 1)
    assert value(client, "broadsheet_events_repeated_total") == 1
    assert value(client, "broadsheet_event_store_events_total") == service.pipeline.events.last()


def test_the_log_is_counted_and_its_last_problems_are_kept(client, app):
    before = value(client, "broadsheet_log_records_total", level="error")
    logging.getLogger("broadsheet.anything").error("a problem\nwith \x1b[31m two lines")
    assert value(client, "broadsheet_log_records_total", level="error") == before + 1
    newest = app.state.monitoring.problems.newest_first()[0]
    assert newest.level == "error" and newest.text.isprintable() and newest.text.startswith("a problem with")


def test_an_event_store_that_is_damaged_leaves_the_other_metrics(client, app, monkeypatch):
    from broadsheet.errors import NewsroomError

    def fails():
        raise NewsroomError("events: not to be reached.")

    monkeypatch.setattr(app.state.service.pipeline.events, "last", fails)
    assert value(client, "broadsheet_event_store_up") == 0
    assert value(client, "broadsheet_ready") == 1 and value(client, "broadsheet_articles") > 0


def test_a_journal_that_is_damaged_is_no_service_that_is_ready(client, app, monkeypatch):
    from broadsheet.errors import ContractError
    from broadsheet.pipeline import Pipeline

    def fails(_):
        raise ContractError("journal: damaged.")

    monkeypatch.setattr(Pipeline, "bench", property(fails))
    assert value(client, "broadsheet_ready") == 0 and value(client, "broadsheet_disk_free_bytes") > 0


@pytest.fixture
def explicit_collections():
    """No garbage is collected but by a call; threads take turns as often as can be."""
    interval = sys.getswitchinterval()
    gc.disable()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)
    gc.enable()


def test_threads_that_count_garbage_at_the_same_time_count_each_collection_once(explicit_collections):
    metrics, counting = Metrics(), Garbage()
    begin = gc.get_stats()[0]["collections"]

    def count():
        for _ in range(300):
            gc.collect(0)
            counting.count(metrics)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counting.count(metrics)
    counted = metrics.registry.get_sample_value("python_gc_collections_total", {"generation": "0"})
    assert counted == gc.get_stats()[0]["collections"] - begin


def test_events_a_second_are_those_between_two_looks():
    rates = EventRates()
    assert rates.now() is None
    for time, last in ((0.0, 100), (10.0, 100), (20.0, 150)):
        rates.look(last, time)
    assert rates.rates() == [0, 5] and rates.now() == 2.5
    for look in range(1000):
        rates.look(200, 30.0 + look)
    assert len(rates.rates()) == 360  # an hour


def test_quantiles_are_those_of_histogram_quantile():
    counts = {0.1: 50.0, 0.2: 90.0, float("inf"): 100.0}
    assert quantile(counts, 0.5) == pytest.approx(0.1)
    assert quantile(counts, 0.7) == pytest.approx(0.15)
    assert quantile(counts, 0.99) == 0.2  # beyond the largest bound nothing is known


def test_latencies_have_a_line_for_each_route(client, app):
    client.get("/v1/health/live")
    found = {one.route: one for one in latencies(app.state.monitoring.instruments())}
    assert found["/v1/health/live"].requests >= 1
    assert 0 <= found["/v1/health/live"].p50 <= found["/v1/health/live"].p99


WORKER = """
import os, sys
from prometheus_client import generate_latest
from broadsheet.service.serving.metrics import Metrics

metrics = Metrics()
metrics.requests.labels("GET", "/a", "200").inc()
metrics.queue_length.set(2)
metrics.open_seconds.set(float(sys.argv[1]))
"""


def test_several_workers_answer_as_one(tmp_path):
    for seconds in ("1", "3"):  # both processes end: their counts stay, their gauges do not
        subprocess.run([sys.executable, "-c", WORKER, seconds], check=True, env=os.environ | {FOLDER: str(tmp_path)})
    found = {sample.name: sample.value for one in shared_instruments(str(tmp_path)) for sample in one.samples}
    assert found["broadsheet_http_requests_total"] == 2
    assert "broadsheet_page_queue_length" not in found and "broadsheet_edition_open_seconds" not in found
