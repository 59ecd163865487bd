"""The benchmark of live changes: from the call of `add` or `withdraw` until a running pipeline's request shows it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from broadsheet.evaluation.report.document import stamp
from broadsheet.evaluation.report.files import Report
from broadsheet.evaluation.systems.widened import widen
from broadsheet.markdown import table
from broadsheet.newsroom import Newsroom
from broadsheet.pipeline import Pipeline
from broadsheet.tables.arrow_files import from_rows
from broadsheet.tables.schemas import USERS, user_vectors
from broadsheet.tables.vectors import vectors_to_arrow

Times = dict[str, list[float]]


def measure_live(source: Newsroom, *, articles: int, clicks: int, calls: int) -> dict[str, Any]:
    """Return the document of `calls` additions and as many withdrawals, one after the other.

    They are made in a copy of the newsroom that is widened to `articles` articles and `clicks` made-up clicks.
    """
    with tempfile.TemporaryDirectory() as folder:
        room = widen(source, Newsroom(Path(folder) / "newsroom"), articles, clicks)
        pipeline = Pipeline.open(room.path)
        alone = [_request(pipeline, "", _vector(pipeline, 0), None) for _ in range(50)]
        late = [_late(pipeline, number) for number in range(calls)]
        added = _measure(pipeline, [one["news_id"] for one in late], lambda at: pipeline.add([late[at]]), there=True)
        old = pipeline.bench.data.catalogue.ids(np.arange(0, articles, articles // calls)[:calls]).to_pylist()
        gone = [ids[at % 2] for at, ids in enumerate(zip(old, [one["news_id"] for one in late], strict=True))]
        withdrawn = _measure(pipeline, gone, lambda at: pipeline.withdraw([gone[at]]), there=False)
        started = time.perf_counter()
        Pipeline.open(room.path)
        opened = time.perf_counter() - started
    rows = {"request alone": alone}
    rows |= {f"add: {name}": times for name, times in added.items()}
    rows |= {f"withdraw: {name}": times for name, times in withdrawn.items()}
    return {
        **stamp(),
        "articles": articles,
        "clicks": clicks,
        "calls_of_each": calls,
        "opened_with_the_journal_s": round(opened, 1),
        "rows": {name: _row(times) for name, times in rows.items()},
    }


def _late(pipeline: Pipeline, number: int) -> dict[str, Any]:
    """Return a late article: the texts of a real one, whose words name it too."""
    row = pipeline.bench.data.catalogue.news.slice(number, 1).to_pylist()[0]
    return {**row, "news_id": f"LATE{number}", "title": f"{row['title']} {number}", "published_at": datetime.now(UTC)}


def _vector(pipeline: Pipeline, row: int) -> pa.Table:
    vector = pipeline.bench.data.catalogue.vectors_of([row])
    return pa.table([["reader"], [1], vectors_to_arrow(vector)], schema=user_vectors(vector.shape[1]))


def _measure(pipeline: Pipeline, ids: list[str], call: Callable[[int], object], *, there: bool) -> Times:
    """Time each call, and the first request after it, which has to show the change."""
    times: Times = {"call": [], "first request": [], "both": []}
    tower = pipeline.bench.models.news_tower
    for at, news_id in enumerate(ids):
        if there:
            news = pa.Table.from_pylist([_late(pipeline, at)])
            vectors = pa.table(
                [["reader"], [1], vectors_to_arrow(tower(tower.text(news)))], schema=user_vectors(tower.dim)
            )
        else:
            vectors = _vector(pipeline, pipeline.bench.data.catalogue.row_of[news_id])
            if at % 10 == 0:  # it was there before
                _request(pipeline, news_id, vectors, True)
        started = time.perf_counter()
        call(at)
        called = time.perf_counter() - started
        asked = _request(pipeline, news_id, vectors, there)
        for name, seconds in zip(times, (called, asked, called + asked), strict=True):
            times[name].append(seconds)
    return times


def _request(pipeline: Pipeline, news_id: str, vectors: pa.Table, there: bool | None) -> float:
    """Return the seconds of one request for candidates; `there` says whether the article has to be among them."""
    # A request in free text, so that nearness alone decides; its vector is given.
    users = from_rows([{"user_id": "reader", "history": [], "profile": "the text", "hidden": []}], USERS)
    started = time.perf_counter()
    bench = pipeline.bench
    found = bench.retriever(bench.readers(users), vectors, datetime.now(UTC).replace(second=0, microsecond=0))
    seconds = time.perf_counter() - started
    if there is not None and (news_id in found["news_id"].to_pylist()) != there:
        raise AssertionError(f"{news_id}: among the candidates or not, which was not to be")
    return seconds


def _row(seconds: list[float]) -> dict[str, float]:
    found = {f"p{p}_ms": round(1000 * float(np.percentile(seconds, p)), 1) for p in (50, 99, 100)}
    last = seconds[-max(1, len(seconds) // 10) :]
    return found | {"p50_of_the_last_tenth_ms": round(1000 * float(np.median(last)), 1)}


def report_live(document: dict[str, Any]) -> Report:
    """Return the document with a table of milliseconds."""
    corner = f"{document['articles']:,} articles, {document['clicks']:,} clicks"
    head = [corner, "p50, ms", "p99, ms", "most, ms", "p50 of the last tenth, ms"]
    rows = ([name, *(f"{value:.1f}" for value in row.values())] for name, row in document["rows"].items())
    opened = f"Opened with the whole journal in {document['opened_with_the_journal_s']} s."
    calls = f"{document['calls_of_each']:,} calls of each kind, one after the other. {opened}"
    return Report("live", document, [*table(head, rows), "", calls])
