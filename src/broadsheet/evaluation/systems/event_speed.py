"""How many events a second are taken, checked and synced, and how long an acknowledgement takes."""

from __future__ import annotations

import gc
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np

from broadsheet.config.settings import Config
from broadsheet.evaluation.report.document import stamp
from broadsheet.evaluation.report.files import Report
from broadsheet.evaluation.report.plots import dress, new_figure, save, styles_of
from broadsheet.evaluation.systems.event_traffic import EVENTS, make_newsroom, requests
from broadsheet.live.articles import known_ids
from broadsheet.live.events.event_log import EventLog
from broadsheet.live.events.known import KnownArticles
from broadsheet.live.events.store import open_events
from broadsheet.markdown import table
from broadsheet.progress import Say

Request = list[dict[str, Any]]
PREPARED = 30_000
"""Requests that are made before the clock starts, at most; of each caller a tenth at most."""


@dataclass(frozen=True)
class SpeedTask:
    """What is measured of an event store."""

    callers: Sequence[int]
    "Numbers of callers that send one request after the other."
    rate: int
    "Events a second of the measurement of acknowledgements."
    seconds: float
    "Length of each measurement."


def measure_event_speed(stores: dict[str, str], task: SpeedTask, say: Say) -> dict[str, Any]:
    """Return the document; `stores` are the names of stores with their addresses, empty for SQLite.

    Each measurement is made in a process's threads, over one store that grows.
    """
    rows: dict[str, Any] = {}
    for name, address in stores.items():
        with tempfile.TemporaryDirectory() as folder:
            newsroom = make_newsroom(Path(folder) / "newsroom")
            store = open_events(newsroom, Config(events=address))
            articles = known_ids(newsroom)  # in memory, as those of an open edition are
            log = EventLog(store, KnownArticles(newsroom, lambda: articles))  # noqa: B023 - used in this turn alone
            found: dict[str, Any] = {"callers": {}}
            for seed, callers in enumerate(task.callers):
                found["callers"][str(callers)] = _as_fast_as_can_be(log, callers, task.seconds, 1000 * seed)
                say(f"{name}, {callers} callers: {found['callers'][str(callers)]['events_per_s']:,.0f} events a second")
            found["at_rate"] = _at_a_rate(log, task.rate, task.seconds, 10**6)
            say(f"{name}: p99 {found['at_rate']['p99_ms']:.1f} ms at {task.rate:,} events a second")
            rows[name] = found | {"events_in_the_store": store.last()}
            store.close()
    return {**stamp(), "events_of_a_request": EVENTS, "rate": task.rate, "seconds": task.seconds, "rows": rows}


def _as_fast_as_can_be(log: EventLog, callers: int, seconds: float, seed: int) -> dict[str, float]:
    """Let each caller send a request as soon as the one before is acknowledged."""
    made = [list(islice(requests(seed + one), PREPARED // max(10, callers))) for one in range(callers)]
    times: list[list[float]] = [[] for _ in range(callers)]
    gc.collect()
    gc.freeze()  # what was made before the clock started is not looked through for garbage
    end = time.perf_counter() + seconds

    def send(one: int) -> None:
        for events in made[one]:
            started = time.perf_counter()
            if started > end:
                return
            log(events)
            times[one].append(time.perf_counter() - started)

    threads = [Thread(target=send, args=(one,)) for one in range(callers)]
    processor, started = time.process_time(), time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wall, used = time.perf_counter() - started, time.process_time() - processor
    all_times = [value for own in times for value in own]
    count = EVENTS * len(all_times)
    return {
        "events_per_s": round(count / wall, 1),
        "processor_us": round(1e6 * used / count, 1),
        **_percentiles(all_times),
    }


def _at_a_rate(log: EventLog, rate: int, seconds: float, seed: int) -> dict[str, float]:
    """Send requests at even distances, whether or not earlier ones are acknowledged; times count from when each is due.

    So a store that stops for a second is seen to keep all waiting who came in that second.
    """
    every = EVENTS / rate
    made = list(islice(requests(seed), max(1, int(seconds / every))))
    times: list[float] = []

    def send(events: Request, due: float) -> None:
        log(events)
        times.append(time.perf_counter() - due)

    started = time.perf_counter()
    with ThreadPoolExecutor(64) as pool:
        for number, events in enumerate(made):
            due = started + number * every
            time.sleep(max(0.0, due - time.perf_counter()))
            pool.submit(send, events, due)
    return {"requests": len(times), **_percentiles(times)}


def _percentiles(times: Sequence[float]) -> dict[str, float]:
    return {f"p{p}_ms": round(1000 * float(np.percentile(times, p)), 2) for p in (50, 99, 100)}


def report_event_speed(document: dict[str, Any]) -> Report:
    """Return the document with its tables, and a plot of events a second."""
    heads = ["store", "callers", "events a second", "processor, µs an event", "p50, ms", "p99, ms", "most, ms"]
    fast = [
        [name, callers, f"{row['events_per_s']:,.0f}", f"{row['processor_us']:.1f}", *_milliseconds(row)]
        for name, found in document["rows"].items()
        for callers, row in found["callers"].items()
    ]
    paced = [
        [name, f"{found['at_rate']['requests']:,}", *_milliseconds(found["at_rate"])]
        for name, found in document["rows"].items()
    ]
    lines = [
        f"Requests of {document['events_of_a_request']} events: a page, views, a click and a dwell, checked as "
        "`pipeline.log` checks them. A request is acknowledged when its events are synced to the disk. The callers are "
        f"threads of one process. {document['machine']['cores']} cores, {document['seconds']:g} s each.",
        "",
        "Each caller sends a request as soon as the one before is acknowledged:",
        "",
        *table(heads, fast),
        "",
        f"Requests come at even distances, {document['rate']:,} events a second; times count from when each is due:",
        "",
        *table(["store", "requests", "p50, ms", "p99, ms", "most, ms"], paced),
    ]
    return Report("events", document, lines, {"": partial(_plot, document["rows"])})


def _plot(rows: dict[str, Any], path: Path) -> None:
    """Draw events a second and the p99 of acknowledgements over the number of callers, by store, as PNG."""
    figure = new_figure(9, 3.6)
    styles = styles_of(list(rows))
    panels = (("events_per_s", "durable events a second"), ("p99_ms", "acknowledgement, p99, ms"))
    for axis, (key, title) in zip(figure.subplots(1, 2), panels, strict=True):
        for name, found in rows.items():
            colour, dash = styles[name]
            callers = [int(count) for count in found["callers"]]
            values = [row[key] for row in found["callers"].values()]
            axis.plot(callers, values, f"o{dash}", color=colour, markersize=4, linewidth=1.4, label=name)
        axis.set_xscale("log")
        axis.set_xticks(callers, [str(count) for count in callers])
        axis.minorticks_off()
        axis.set_ylim(bottom=0)
        axis.set_xlabel("callers at once", fontsize=9)
        axis.legend(fontsize=8, frameon=False)
        dress(axis, title, grid="both")
    save(figure, path)


def _milliseconds(row: dict[str, float]) -> list[str]:
    return [f"{row[f'p{p}_ms']:.1f}" for p in (50, 99, 100)]
