"""The benchmark of an unknown reader's page: how long it takes, whatever its length."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from broadsheet.evaluation.report.document import stamp
from broadsheet.evaluation.report.files import Report
from broadsheet.markdown import table
from broadsheet.pipeline import Pipeline

LENGTHS = (10, 60, 1000)
"""Stories of the pages that are measured."""
COLUMNS = ("stories", "p50_ms", "p99_ms", "cpu_p50_ms", "cpu_p99_ms")


def measure_new_readers(newsroom: Path, pages: int) -> Report:
    """Make `pages` pages of each length, each for another unknown reader, and report their milliseconds.

    `cpu` is processor time of this process, which other programs of a busy machine change less. The first page of each
    length is left out: it loads what a process loads once.
    """
    pipeline = Pipeline.open(newsroom)
    rows: dict[str, dict[str, float]] = {}
    for k in LENGTHS:
        stories = len(pipeline.run("unknown", k).stories)
        taken = np.array([_measure(pipeline, f"unknown {number}", k) for number in range(pages)])  # (pages, 2)
        rows[str(k)] = {"stories": stories} | _percentiles(taken[:, 0]) | _percentiles(taken[:, 1], "cpu_")
    articles = len(pipeline.bench.data.catalogue)
    return report_new_readers({**stamp(), "articles": articles, "pages_of_each": pages, "rows": rows})


def report_new_readers(document: Mapping[str, Any]) -> Report:
    """Return the document with its table."""
    rows = document["rows"].items()
    lines = [
        f"{document['pages_of_each']} pages of each length, of a newsroom of {document['articles']:,} articles",
        "",
        *table(["k", *COLUMNS], ([k, *(row[name] for name in COLUMNS)] for k, row in rows)),
    ]
    return Report("new-readers", document, lines, {})


def _measure(pipeline: Pipeline, user_id: str, k: int) -> tuple[float, float]:
    """Return how long a page took, in milliseconds: time that passed, and processor time."""
    started, worked = time.perf_counter(), time.process_time()
    pipeline.run(user_id, k)
    return 1000 * (time.perf_counter() - started), 1000 * (time.process_time() - worked)


def _percentiles(milliseconds: npt.NDArray[np.float64], name: str = "") -> dict[str, float]:
    p50, p99 = np.percentile(milliseconds, [50, 99])
    return {f"{name}p50_ms": round(float(p50), 1), f"{name}p99_ms": round(float(p99), 1)}
