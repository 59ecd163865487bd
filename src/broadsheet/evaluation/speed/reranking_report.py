"""What benchmark_reranking_speed.py writes: JSON, a Markdown table and a plot."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from broadsheet.evaluation.report.files import Report
from broadsheet.evaluation.speed.report import machine_lines, plot_bars, table_of_rows

TOP = 10

COLUMNS = {
    "pairs_per_second": ("pairs/s", ".0f"),
    "times_default": ("times the default", ".2f"),
    "p50_ms": ("p50, ms", ".0f"),
    "p95_ms": ("p95, ms", ".0f"),
    "pairs_per_processor_second": ("pairs per processor second", ".0f"),
    "same_top": (f"same top {TOP}", ".2%"),
    "same_order": ("in the same order", ".2%"),
    "largest_difference": ("largest difference of a score", ".1e"),
}


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """Return median and 95th percentile, in milliseconds."""
    p50, p95 = np.percentile(seconds, [50, 95])
    return {"p50_ms": 1000 * float(p50), "p95_ms": 1000 * float(p95)}


def report_reranking(document: Mapping[str, Any]) -> Report:
    """Return the document with a table of rows, what they were measured on, and a plot."""
    about, reranking = document["pairs"], document["reranking"]
    lines = [
        *table_of_rows("scorer", COLUMNS, document["rows"]),
        "",
        f"{about['readers']} readers of split {about['split']} with {about['candidates']} candidates each, a call a "
        f"reader, in {about['rounds']} rounds, which all rows took in turn; medians over the rounds. Pairs of at most "
        f"{about['max_tokens']} tokens, {about['pairs_read_alike']:.2%} of them read alike by both tokenisers. Batches "
        "of 32 where none is named. Top and scores against sentence-transformers in float32.",
        "",
        f"Re-ranking as a whole, signals, fusion, diversity and reasons: p50 {reranking['p50_ms']:.0f} ms, p95 "
        f"{reranking['p95_ms']:.0f} ms.",
        "",
        *machine_lines(document),
    ]
    values = {name: row["pairs_per_second"] for name, row in document["rows"].items()}
    plots = {"": lambda path: plot_bars(values, "pairs a second, median over rounds", path)}
    return Report("reranking-speed", document, lines, plots)
