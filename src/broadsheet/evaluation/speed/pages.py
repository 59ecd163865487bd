"""The benchmark of a page: how long a reader waits, stage by stage."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from broadsheet.evaluation.report.document import stamp
from broadsheet.evaluation.report.files import Report
from broadsheet.evaluation.report.plots import new_figure, save
from broadsheet.markdown import table
from broadsheet.newsroom import Newsroom
from broadsheet.pipeline import Pipeline
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import USERS

WARM_UP = 5
WHOLE = "whole page"


def measure_pages(newsroom: Path, readers: int) -> Report:
    """Make a page for each of the first readers of the edition, and report median and 95th percentile by stage."""
    started = time.perf_counter()
    pipeline = Pipeline.open(newsroom)
    opened = time.perf_counter() - started
    edition = Newsroom(newsroom).current()
    users = read_table(edition.users, USERS).column("user_id").to_pylist()[:readers]
    for user_id in users[:WARM_UP]:
        pipeline.run(user_id)
    stages: dict[str, list[float]] = {}
    for user_id in users:
        asked = time.perf_counter()
        page = pipeline.run(user_id)
        for stage, seconds in [*page.timings.items(), (WHOLE, time.perf_counter() - asked)]:
            stages.setdefault(stage, []).append(1000 * seconds)
    document = {
        **stamp(),
        "readers": len(users),
        "opened_s": round(opened, 1),
        "articles": edition.read_manifest()["counts"]["news"],
        "stages": {stage: _percentiles(times) for stage, times in stages.items()},
    }
    return report_pages(document, stages)


def _percentiles(milliseconds: Sequence[float]) -> dict[str, float]:
    p50, p95 = np.percentile(milliseconds, [50, 95])
    return {"p50_ms": round(float(p50), 1), "p95_ms": round(float(p95), 1)}


def report_pages(document: dict[str, Any], stages: Mapping[str, Sequence[float]]) -> Report:
    """Return the document with its table; `stages` are the milliseconds of every page, to be drawn."""
    lines = [
        f"{document['readers']} readers, opened in {document['opened_s']} s",
        "",
        *table(["stage", "p50, ms", "p95, ms"], ([stage, *row.values()] for stage, row in document["stages"].items())),
    ]
    return Report("pipeline", document, lines, {"": lambda path: _draw(stages, path)})


def _draw(stages: Mapping[str, Sequence[float]], path: Path) -> None:
    figure = new_figure(7, 3)
    axes = figure.subplots()
    axes.boxplot(
        list(stages.values()), orientation="horizontal", tick_labels=list(stages), whis=(5, 95), showfliers=False
    )
    axes.set_xlabel("milliseconds a page: median, quartiles, 5th and 95th percentile")
    axes.invert_yaxis()
    save(figure, path)
