"""All that the service tells of itself, put together: metrics as text, and what the operator's view shows."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from broadsheet.errors import BroadsheetError
from broadsheet.service.monitoring.experiment_results import ExperimentResults
from broadsheet.service.monitoring.families import gauge
from broadsheet.service.monitoring.of_edition import edition_metrics
from broadsheet.service.monitoring.of_events import EVERY, EventRates, event_metrics
from broadsheet.service.monitoring.of_newsroom import newsroom_metrics
from broadsheet.service.monitoring.of_processes import Garbage, process_metrics
from broadsheet.service.monitoring.of_state import state_metrics
from broadsheet.service.monitoring.recent_problems import RecentProblems
from broadsheet.service.serving.service import Service
from broadsheet.watching import Watch

log = logging.getLogger(__name__)

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable that names the folder in which several workers keep their instruments' values."""


class Monitoring:
    """What one process tells of the service; safe to share between threads."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.rates, self.experiments = EventRates(), ExperimentResults(service.newsroom)
        self.problems, self._garbage = RecentProblems(service.metrics), Garbage()
        self._watching = Watch("monitoring", self._looked)

    def start(self) -> None:
        """Keep the log's problems, and look at the event store every EVERY seconds, until `close`."""
        logging.getLogger("broadsheet").addHandler(self.problems)
        self._garbage.start()
        self._watching.start()

    def close(self) -> None:
        """Stop what `start` began."""
        self._watching.stop()
        self._garbage.close()
        logging.getLogger("broadsheet").removeHandler(self.problems)

    def look(self) -> None:
        """Note how many events there are, and what was collected as garbage."""
        self._garbage.count(self._service.metrics)
        try:
            self.rates.look(self._service.pipeline.events.last(), time.monotonic())
        except (BroadsheetError, OSError) as error:
            log.warning("The event store cannot be read: %s", error)

    def instruments(self) -> list[Metric]:
        """Return what all workers counted and timed."""
        folder = os.environ.get(FOLDER)
        return shared_instruments(folder) if folder else list(self._service.metrics.registry.collect())

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics; a part that cannot be read is left out, logged and counted."""
        self._garbage.count(self._service.metrics)
        yield from self.instruments()
        failed = 0
        for part in self._parts():
            try:
                yield from list(part())
            except (BroadsheetError, OSError) as error:
                log.warning("Some metrics are missing: %s", error)
                failed += 1
        said = "Groups of metrics that could not be read for this scrape."
        yield from gauge("broadsheet_missing_metric_groups", said, failed)

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self)  # it calls `collect` alone

    def _parts(self) -> tuple[Callable[[], Iterable[Metric]], ...]:
        service, folder = self._service, os.environ.get(FOLDER)
        return (
            lambda: edition_metrics(service),
            lambda: newsroom_metrics(service.newsroom),
            lambda: event_metrics(service.newsroom, service.pipeline.events, self.rates),
            lambda: state_metrics(service.state),
            self.experiments.metrics,
            lambda: process_metrics(_workers(folder) if folder else [os.getpid()]),
        )

    def _looked(self) -> float:
        self.look()
        return EVERY


def shared_instruments(folder: str) -> list[Metric]:
    """Return what all workers counted and timed, from the folder that they share."""
    _workers(folder)  # first: the gauges of dead workers count no more
    registry = CollectorRegistry()
    MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]
    return list(registry.collect())


def _workers(folder: str) -> list[int]:
    """Return the process ids of the workers that run; what gauges of dead workers said is removed."""
    pids = {int(path.stem.rpartition("_")[2]) for path in Path(folder).glob("*.db")}
    alive = []
    for pid in sorted(pids):
        try:
            os.kill(pid, 0)
            alive.append(pid)
        except ProcessLookupError:
            mark_process_dead(pid, folder)  # type: ignore[no-untyped-call]
    return alive


async def given_monitoring(request: Request) -> Monitoring:
    """Return the monitoring of the service that answers a request."""
    monitoring: Monitoring = request.app.state.monitoring
    return monitoring


Watching = Annotated[Monitoring, Depends(given_monitoring)]
"""The type of a route's parameter that is the monitoring."""
