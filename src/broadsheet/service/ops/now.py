"""The figures of this moment, in groups: what the first page of the operator's view shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from broadsheet.service.monitoring.latencies import latencies
from broadsheet.service.ops.readings import Readings
from broadsheet.service.ops.words import bytes_in_words, number, seconds_in_words, share


@dataclass(frozen=True)
class Figure:
    """A figure with its name, in words."""

    name: str
    said: str
    is_alarm: bool = False


def groups(readings: Readings) -> dict[str, list[Figure]]:
    """Return the figures of each group; a figure that is not known is left out."""
    return {
        "Pages": list(_pages(readings)),
        "Events": list(_events(readings)),
        "Articles and index": list(_articles(readings)),
        "Machine": list(_machine(readings)),
    }


def latency_rows(readings: Readings) -> list[dict[str, str]]:
    """Return the requests, errors, median and 99th percentile of each route, the route with the most requests first."""
    return [
        {
            "route": one.route,
            "requests": number(one.requests),
            "errors": number(_errors(readings, one.route)),
            "p50": seconds_in_words(one.p50),
            "p99": seconds_in_words(one.p99),
        }
        for one in latencies(readings.families)
    ]


def _errors(readings: Readings, route: str) -> float:
    return sum(
        sample.value
        for family in readings.families
        if family.name == "broadsheet_http_requests"
        for sample in family.samples
        if sample.labels["route"] == route and sample.labels["status"].startswith("5")
    )


def _pages(readings: Readings) -> Iterator[Figure]:
    hits, misses = readings.total("stored_page_hits_total"), readings.total("stored_page_misses_total")
    waiting = readings.total("page_queue_length") + readings.total("work_waiting")
    refused = readings.total("page_refusals_total") + readings.total("work_refusals_total")
    failed = readings.total("page_failures_total")
    yield Figure("Requests being answered", number(readings.total("http_requests_in_flight")))
    yield Figure("Requests waiting for the models", number(waiting), waiting >= 100)
    yield Figure("Requests refused, since too many waited", number(refused), refused > 0)
    yield Figure("Fresh pages made", number(readings.total("pages_made_total")))
    yield Figure("Fresh pages that failed", number(failed), failed > 0)
    if hits + misses:
        yield Figure("Pages sent again from memory", share(hits / (hits + misses)))
    yield Figure(
        "Stored pages",
        f"{number(readings.total('stored_pages'))}, {bytes_in_words(readings.total('stored_pages_bytes'))}",
    )


def _events(readings: Readings) -> Iterator[Figure]:
    if not readings.of("event_store_up"):
        yield Figure("Event store", "cannot be reached", True)
        return
    taken, refused = readings.total("events_taken_total"), readings.total("events_refused_total")
    yield Figure("Events taken since the start", number(taken))
    yield Figure("Events refused since the start", number(refused), refused > taken)
    for reason, count in readings.parts("events_refused_total", "reason").items():
        yield Figure(f"Refused: {reason}", number(count))
    yield Figure("Events sent again", number(readings.total("events_repeated_total")))
    yield Figure("Events in the store", number(readings.total("event_store_kept_events")))
    yield Figure("Events that wait for the next build", number(readings.total("event_store_waiting_events")))
    last = readings.of("last_event_timestamp_seconds")
    if last is not None:
        yield Figure("Last event received", f"{datetime.fromtimestamp(last, UTC):%Y-%m-%d %H:%M} UTC")


def _articles(readings: Readings) -> Iterator[Figure]:
    yield Figure("Articles that pages may show", number(readings.total("articles")))
    yield Figure("Articles added since the edition", number(readings.total("journal_articles", change="added")))
    yield Figure("Articles withdrawn since the edition", number(readings.total("journal_articles", change="withdrawn")))
    is_full = bool(readings.total("late_texts_full"))
    wanted = number(readings.total("late_texts_wanted"))
    yield Figure("Texts that pages want", f"{wanted}; the list is full" if is_full else wanted, is_full)
    yield Figure("Texts written since the edition", number(readings.total("late_texts_written")))
    yield Figure("Vectors in the index", number(readings.total("index_vectors")))
    yield Figure("Size of the index", bytes_in_words(readings.total("index_size_bytes")))
    recall = readings.of("index_recall_ratio")
    if recall is not None:
        yield Figure("Recall@100 of the index", f"{recall:.4f}")


def _machine(readings: Readings) -> Iterator[Figure]:
    free, size = readings.total("disk_free_bytes"), readings.total("disk_size_bytes")
    yield Figure("Worker processes", number(readings.total("worker_processes")))
    memory, cpu = readings.process("resident_memory_bytes"), readings.process("cpu_seconds_total")
    if memory is not None and cpu is not None:
        yield Figure("Memory of all workers", bytes_in_words(memory))
        yield Figure("Processor time of all workers", seconds_in_words(cpu))
    yield Figure("Free on the disk", f"{bytes_in_words(free)} of {bytes_in_words(size)}", free < 0.1 * size)
    yield Figure("Opening the edition took", seconds_in_words(readings.total("edition_open_seconds")))
    signed_in = number(readings.total("sessions"))
    yield Figure("Sessions of users", signed_in)
    yield Figure("API keys in force", number(readings.total("api_keys", state="in force")))
