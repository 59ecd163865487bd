"""How long after a click, logged in one process, the pages of another process are changed by it."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from broadsheet.evaluation.report.document import stamp
from broadsheet.evaluation.report.files import Report
from broadsheet.evaluation.report.plots import dress, new_figure, save
from broadsheet.live.events.report import LogReport
from broadsheet.live.in_force import LOOKS_EVERY
from broadsheet.live.live_workbench import request_time
from broadsheet.markdown import table
from broadsheet.pipeline import Pipeline
from broadsheet.progress import Say

Shown = dict[str, float | None]
"""The articles of a page, each with its signal `trend`."""
Ask = Callable[[str], Shown]
"""Returns the page of a reader."""
STORIES = 20
LONGEST = 10.0
"""Seconds after which a click is given up."""
NOTES = {
    "page": "a request for the page of one reader, in the process that did not log",
    "click to page": "from the call that logs a click to the arrival of the first page on which the article's "
    "`trend` has risen; the pages are asked for one after the other",
    "hide to page": "from the call that logs a hide to the arrival of the reader's next page",
}


def measure_click_to_page(newsroom: Path, rounds: int, say: Say) -> dict[str, Any]:
    """Return the document: seconds from clicks and hides to changed pages, over a number of rounds of each.

    Raises NewsroomError if no edition is published.
    """
    here, rng = Pipeline.open(newsroom), np.random.default_rng(0)
    readers = here.bench.data.readers.audience.all()
    readers = [readers[place] for place in rng.choice(len(readers), min(rounds, len(readers)), replace=False)]
    with _other_process(newsroom) as ask:
        times: dict[str, list[float]] = {name: [] for name in NOTES}
        hidden = 0
        page = ask(readers[0])  # the first request of a process waits for it to start
        _log(here, "click", "someone else", next(iter(page)))
        time.sleep(2 * LOOKS_EVERY)
        for number in range(rounds):
            reader = readers[number % len(readers)]
            started = time.perf_counter()
            page = ask(reader)
            times["page"].append(time.perf_counter() - started)
            if page:
                news_id = list(page)[int(rng.integers(len(page)))]
                times["click to page"].append(_click(here, ask, reader, news_id, page[news_id]))
                started = time.perf_counter()
                _log(here, "hide", reader, news_id)
                hidden += news_id not in ask(reader)
                times["hide to page"].append(time.perf_counter() - started)
            if number % 50 == 49:
                say(f"{number + 1:,} of {rounds:,} rounds")
    milliseconds = {name: np.array(values) * 1000 for name, values in times.items()}
    rows = {name: {"rounds": len(values), **_percentiles(values)} for name, values in milliseconds.items()}
    articles = len(here.bench.data.catalogue)
    seconds = {name: values.round(1).tolist() for name, values in milliseconds.items()}
    return {**stamp(), "articles": articles, "rows": rows, "hidden_at_once": hidden, "milliseconds": seconds}


def report_click_to_page(document: dict[str, Any]) -> Report:
    """Return the document with its table and a plot of how the times are spread."""
    header = ["what", "rounds", "p50, ms", "p99, ms", "longest, ms"]
    rows = [
        [name, f"{row['rounds']:,}", f"{row['p50_ms']:,.0f}", f"{row['p99_ms']:,.0f}", f"{row['longest_ms']:,.0f}"]
        for name, row in document["rows"].items()
    ]
    hides = document["rows"]["hide to page"]["rounds"]
    lines = [
        *table(header, rows),
        "",
        f"{document['articles']:,} articles; {document['hidden_at_once']:,} of {hides:,} hidden articles were not on "
        "the reader's next page.",
        "",
        *(f"- {name}: {what}." for name, what in NOTES.items()),
    ]

    def draw(path: Path) -> None:
        figure = new_figure(7, 4)
        axis = figure.subplots()
        for name, values in document["milliseconds"].items():
            axis.plot(np.sort(values), np.linspace(0, 1, len(values)), label=name)
        axis.set_xlabel("milliseconds")
        axis.set_ylabel("share of the rounds")
        axis.legend(frameon=False)
        dress(axis, "From a click to the pages of another process", "both")
        save(figure, path)

    return Report("click-to-page", document, lines, {"": draw})


def _click(here: Pipeline, ask: Ask, reader: str, news_id: str, before: float | None) -> float:
    """Return the seconds until another reader's click raises the article's trend on the page of `reader`."""
    started = time.perf_counter()
    _log(here, "click", f"someone beside {reader}", news_id)
    while time.perf_counter() - started < LONGEST:
        page = ask(reader)
        now = page.get(news_id)
        if news_id not in page or (now is not None and (before is None or now > before)):
            return time.perf_counter() - started
    return LONGEST


def _log(here: Pipeline, kind: str, reader: str, news_id: str) -> LogReport:
    # In an archive, time goes on with its events: by the wall clock they would be outliers, which do not move it.
    moment = request_time(here.bench) if here.bench.models.config.clock == "latest" else datetime.now(UTC)
    about = {"event_id": uuid4().hex, "kind": kind, "user_id": reader, "time": moment}
    return here.log(about | {"news_id": news_id})


def _percentiles(milliseconds: Sequence[float] | np.ndarray[Any, Any]) -> dict[str, float]:
    middle, high, most = np.percentile(milliseconds, [50, 99, 100]).tolist() if len(milliseconds) else [np.nan] * 3
    return {"p50_ms": round(middle, 1), "p99_ms": round(high, 1), "longest_ms": round(most, 1)}


@contextmanager
def _other_process(newsroom: Path) -> Iterator[Ask]:
    """Yield what asks another process for the page of a reader: the popularity of each article on it."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    other = context.Process(target=_serve, args=(newsroom, theirs), daemon=True)
    other.start()
    theirs.close()

    def ask(reader: str) -> Shown:
        ours.send(reader)
        page: Shown = ours.recv()
        return page

    try:
        yield ask
    finally:
        ours.close()
        other.join()


def _serve(newsroom: Path, asked: Connection) -> None:
    pipeline = Pipeline.open(newsroom)
    while True:
        try:
            reader = asked.recv()
        except EOFError:
            return
        stories = pipeline.run(reader, STORIES).stories
        signals = stories.column("signals").to_pylist()
        asked.send({one: row["trend"] for one, row in zip(stories["news_id"].to_pylist(), signals, strict=True)})
