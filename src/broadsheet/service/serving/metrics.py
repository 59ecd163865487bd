"""What a process of the service counts and times while it runs, as Prometheus instruments.

With several workers the instruments keep their values in files of the folder PROMETHEUS_MULTIPROC_DIR, so that any
worker can answer for all workers. A gauge says how the workers' values become one: `livesum` adds the values of the
workers that run, `livemax` takes the largest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

from broadsheet.live.events.report import LogReport
from broadsheet.pages.page import Page

REQUEST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Bounds of the buckets of latencies, in seconds."""
WAIT_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
BLOCKS = (1, 2, 4, 8, 16, 32)
"""Bounds of the buckets of block sizes, in readers."""


class Metrics:
    """The instruments of one process; safe to share between threads."""

    def __init__(self) -> None:
        # When each counter began would be a second series of it, which nobody plots.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self._of_requests()
        self._of_pages()
        self._of_work()
        self._of_stored_pages()
        self._of_editions()
        self._of_events()
        self._of_garbage()

    def _of_requests(self) -> None:
        self.requests = self._counter(
            "http_requests", "Requests answered, by method, route and status.", "method", "route", "status"
        )
        self.request_seconds = Histogram(
            "broadsheet_http_request_duration_seconds",
            "Time from a request's arrival to the last byte of its answer, by route.",
            ["route"],
            buckets=REQUEST_SECONDS,
            registry=self.registry,
        )
        self.in_flight = self._gauge("http_requests_in_flight", "Requests that are being answered now.")
        self.sent_bytes = self._counter("http_response_bytes", "Bytes of the bodies of answers, by route.", "route")
        self.received_bytes = self._counter("http_request_bytes", "Bytes of the bodies of requests, by route.", "route")
        self.limited = self._counter("http_limited_requests", "Requests refused with status 429: too many of a caller.")
        self.failed = self._counter("http_failed_requests", "Requests that ended with an error nobody expected.")
        self.log_records = self._counter("log_records", "Lines of the service's log, by level.", "level")

    def _of_pages(self) -> None:
        self.queue_length = self._gauge("page_queue_length", "Requests that wait for a fresh page.")
        self.queue_seconds = self._histogram(
            "page_queue_wait_seconds", "Time that a request waited until its page began to be made.", WAIT_SECONDS
        )
        self.block_readers = self._histogram("page_block_readers", "Readers whose pages were made together.", BLOCKS)
        self.block_seconds = self._histogram(
            "page_block_duration_seconds", "Time to make the pages of one block of readers.", WAIT_SECONDS
        )
        self.stage_seconds = self._counter(
            "page_stage_seconds", "Time spent on fresh pages, by stage of the pipeline.", "stage"
        )
        self.pages = self._counter("pages_made", "Fresh pages, by what they were made from.", "kind")
        self.stories = self._counter("page_stories", "Stories on fresh pages.")
        self.explored = self._counter("explored_slots", "Slots of fresh pages that exploration filled.")
        self.arm_pages = self._counter(
            "experiment_pages", "Fresh pages of experiments, by experiment and arm.", "experiment", "arm"
        )
        self.page_failures = self._counter("page_failures", "Fresh pages that could not be made.")
        self.page_refusals = self._counter("page_refusals", "Requests for a page refused since too many wait already.")

    def _of_work(self) -> None:
        which = "for questions, sessions, explanations and the desk"
        self.work_waiting = self._gauge("work_waiting", f"Requests {which} that wait for the models.")
        self.work_running = self._gauge("work_running", f"Requests {which} that are worked on.")
        self.work_refusals = self._counter("work_refusals", f"Requests {which} refused since too many wait already.")

    def _of_stored_pages(self) -> None:
        self.stored_hits = self._counter("stored_page_hits", "Pages found among the stored pages.")
        self.stored_misses = self._counter("stored_page_misses", "Pages not found among the stored pages.")
        self.stored_evictions = self._counter("stored_page_evictions", "Stored pages dropped to make room for others.")
        self.stored_pages = self._gauge("stored_pages", "Pages that are stored in memory.")
        self.stored_bytes = self._gauge("stored_pages_bytes", "Bytes of the stored pages.")

    def _of_editions(self) -> None:
        self.taken_up = self._counter("editions_taken_up", "Editions that took the place of another since the start.")
        self.open_failures = self._counter("edition_open_failures", "Times that the current edition was not opened.")
        self.open_seconds = self._gauge(
            "edition_open_seconds", "Time to open the edition in use, with its models.", mode="livemax"
        )
        self.edition_problem = self._gauge(
            "edition_problem", "1 if the current edition cannot be opened and an earlier one is in use.", mode="livemax"
        )

    def _of_events(self) -> None:
        self.events_taken = self._counter("events_taken", "Events taken, by kind.", "kind")
        self.events_refused = self._counter("events_refused", "Events refused, by reason.", "reason")
        self.events_repeated = self._counter("events_repeated", "Events that were sent again, which count once.")
        self.log_failures = self._counter("event_log_failures", "Calls whose events the store could not keep.")
        self.log_seconds = self._histogram(
            "event_log_duration_seconds", "Time to check and keep the events of one call.", WAIT_SECONDS
        )
        self.readers_remembered = self._gauge(
            "readers_remembered", "Readers whose acts since the start are counted in memory.", mode="livemax"
        )

    def _of_garbage(self) -> None:
        self.collections = Counter(
            "python_gc_collections_total",
            "Collections of garbage, by generation.",
            ["generation"],
            registry=self.registry,
        )
        self.collected = Counter(
            "python_gc_objects_collected_total",
            "Objects freed by collections of garbage, by generation.",
            ["generation"],
            registry=self.registry,
        )
        self.pause_seconds = Counter(
            "python_gc_pause_seconds_total", "Time spent on collections of garbage.", registry=self.registry
        )

    def count_pages(self, pages: Sequence[Page], seconds: float) -> None:
        """Count the pages of one block, which took `seconds` together."""
        self.block_readers.observe(len(pages))
        self.block_seconds.observe(seconds)
        for stage, spent in pages[0].timings.items() if pages else ():  # the timings of each page are the block's
            self.stage_seconds.labels(stage).inc(spent)
        for page in pages:
            self.pages.labels(page.kind).inc()
            self.stories.inc(len(page.stories))
            self.explored.inc(page.explored)
            for experiment, arm in zip(page.experiment.split(","), page.arm.split(","), strict=True):
                if experiment:
                    # The arm of an interleaved page says which arm put each article: there are too many of these.
                    is_mixed = page.policy == "team-draft" and set(arm) <= set("12-")
                    self.arm_pages.labels(experiment, "both" if is_mixed else arm).inc()

    def count_events(self, report: LogReport, seconds: float) -> None:
        """Count the events of one call, which took `seconds`."""
        self.log_seconds.observe(seconds)
        for kind, count in report.taken.items():
            self.events_taken.labels(kind).inc(count)
        for reason, count in report.refused.items():  # the reasons are fixed texts; what was found is not in them
            self.events_refused.labels(reason).inc(count)
        self.events_repeated.inc(report.repeated)

    def _counter(self, name: str, said: str, *labels: str) -> Counter:
        return Counter(f"broadsheet_{name}", said, labels, registry=self.registry)

    def _histogram(self, name: str, said: str, buckets: Sequence[float]) -> Histogram:
        return Histogram(f"broadsheet_{name}", said, buckets=buckets, registry=self.registry)

    def _gauge(self, name: str, said: str, mode: Literal["livesum", "livemax"] = "livesum") -> Gauge:
        return Gauge(f"broadsheet_{name}", said, registry=self.registry, multiprocess_mode=mode)
