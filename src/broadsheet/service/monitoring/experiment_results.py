"""What the newsroom's experiments found, measured again when it is old: to read all events costs seconds."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from prometheus_client.core import GaugeMetricFamily, Metric

from broadsheet.errors import BroadsheetError
from broadsheet.experiments.measure import measure, read_events
from broadsheet.newsroom import Newsroom

log = logging.getLogger(__name__)

FRESH_SECONDS = 600.0
"""Seconds after which experiments are measured again if somebody asks."""


@dataclass(frozen=True)
class Measured:
    """What experiments found."""

    at: datetime
    "When they were measured, UTC."
    documents: list[dict[str, Any]]
    "For each experiment what `results_of` or `votes_of` returns."
    problem: str = ""
    "Why they could not be measured; empty if they could."


class ExperimentResults:
    """Measures experiments; safe to share between threads."""

    def __init__(self, newsroom: Newsroom) -> None:
        self._newsroom, self._lock = newsroom, threading.Lock()
        self._measured: Measured | None = None
        self._until = 0.0

    def now(self) -> Measured:
        """Return the results, at most FRESH_SECONDS old; may take seconds."""
        with self._lock:
            if self._measured is None or time.monotonic() >= self._until:
                self._measured = _measured(self._newsroom)
                self._until = time.monotonic() + FRESH_SECONDS
            return self._measured

    def last(self) -> Measured | None:
        """Return the last results at once; if these are old, new ones are measured in the background."""
        if time.monotonic() >= self._until and not self._lock.locked():
            threading.Thread(target=self.now, name="experiments", daemon=True).start()
        return self._measured

    def metrics(self) -> Iterator[Metric]:
        """Yield the metrics of the last results; nothing without experiments, or before the first results."""
        measured = self.last()
        if measured is None or not measured.documents:
            return
        for key, said in (
            ("readers", "Readers who saw a page of an arm."),
            ("pages", "Pages of an arm that were logged."),
            ("clicks", "Clicks on pages of an arm."),
        ):
            family = GaugeMetricFamily(f"broadsheet_experiment_arm_{key}", said, labels=["experiment", "arm"])
            for document in measured.documents:
                for arm, counts in document.get("arms", {}).items():
                    if key in counts:
                        family.add_metric([document["experiment"], arm], counts[key])
            yield family


def _measured(newsroom: Newsroom) -> Measured:
    at = datetime.now(UTC)
    try:
        config = newsroom.config()
        if not config.experiments:
            return Measured(at, [])
        events = read_events(newsroom, config, config.experiments)
        return Measured(at, [measure(newsroom, name, each, events) for name, each in config.experiments.items()])
    except BroadsheetError as error:
        log.warning("Experiments could not be measured: %s", error)
        return Measured(at, [], str(error))
