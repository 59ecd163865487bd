"""Metrics of the service's processes: the sums over all workers, and the collections of garbage of this worker."""

from __future__ import annotations

import gc
import platform
import re
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from prometheus_client import ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from broadsheet.service.monitoring.families import gauge, info
from broadsheet.service.serving.metrics import Metrics
from broadsheet.version import __version__

_THREADS = re.compile(r"^Threads:\s+(\d+)$", re.MULTILINE)


def process_metrics(pids: list[int]) -> Iterator[Metric]:
    """Yield the metrics of the workers with these process ids, as sums; the start time is that of the oldest."""
    yield from info(
        "broadsheet_info", "Versions of Broadsheet and Python.", version=__version__, python=platform.python_version()
    )
    yield from gauge("broadsheet_worker_processes", "Processes that answer requests.", len(pids))
    yield from gauge("process_threads", "Threads of all workers.", sum(map(_threads, pids)))
    families = [family for pid in pids for family in _of_process(pid)]
    for name in dict.fromkeys(family.name for family in families):
        same = [family for family in families if family.name == name]
        values = [family.samples[0].value for family in same]
        value = min(values) if name == "process_start_time_seconds" else sum(values)
        kind = CounterMetricFamily if same[0].type == "counter" else GaugeMetricFamily
        yield kind(name, same[0].documentation, value)


def _of_process(pid: int) -> Iterable[Metric]:
    return ProcessCollector(pid=lambda: pid, registry=None).collect()


def _threads(pid: int) -> int:
    try:
        found = _THREADS.search(Path(f"/proc/{pid}/status").read_text("ascii", errors="replace"))
    except OSError:  # the process ended, or the system has no /proc
        return 0
    return int(found.group(1)) if found else 0


class Garbage:
    """Counts collections of garbage between two looks.

    A collection may begin while a thread holds an instrument's lock, so that the callback must not touch one.
    """

    def __init__(self) -> None:
        self._begin = self._paused = self._told = 0.0
        self._before, self._counting = gc.get_stats(), threading.Lock()

    def start(self) -> None:
        """Time each collection from now on, until `close`."""
        gc.callbacks.append(self._timed)

    def close(self) -> None:
        """Time collections no more."""
        gc.callbacks.remove(self._timed)

    def count(self, metrics: Metrics) -> None:
        """Count what was collected since the last call; two threads never count at the same time."""
        with self._counting:
            self._count(metrics)

    def _count(self, metrics: Metrics) -> None:
        stats, paused = gc.get_stats(), self._paused
        for generation, (before, now) in enumerate(zip(self._before, stats, strict=True)):
            label = str(generation)
            metrics.collections.labels(label).inc(now["collections"] - before["collections"])
            metrics.collected.labels(label).inc(now["collected"] - before["collected"])
        metrics.pause_seconds.inc(paused - self._told)
        self._before, self._told = stats, paused

    def _timed(self, phase: str, _: dict[str, Any]) -> None:
        if phase == "start":
            self._begin = time.perf_counter()
        else:
            self._paused += time.perf_counter() - self._begin
