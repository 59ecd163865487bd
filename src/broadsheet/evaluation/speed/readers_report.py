"""The report of the benchmark of readers, with what a million readers a night would take."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from broadsheet.evaluation.report.files import Report
from broadsheet.evaluation.speed.report import plot_bars
from broadsheet.markdown import table

MILLION = 1_000_000
HEADS = ["ranking", "readers", "readers a second", "processor, ms a reader", "p50, ms", "p99, ms", "peak memory, GB"]


def report_readers(document: Mapping[str, Any]) -> Report:
    """Return the document with its tables and its plot."""
    bars = {f"{kind}: {name}": row["readers_per_s"] for kind, name, row in _rows(document)}
    return Report("readers", document, readers_lines(document), {"": partial(plot_bars, bars, "readers a second")})


def readers_lines(document: Mapping[str, Any]) -> list[str]:
    """Return the tables of a document as Markdown."""
    measured = (
        [
            kind,
            name,
            f"{row['readers_per_s']:,.1f}",
            f"{row['processor_ms']:.2f}",
            *(f"{row[key]:.1f}" if key in row else "" for key in ("p50_ms", "p99_ms")),
            "" if row.get("peak_gb") is None else f"{row['peak_gb']:.2f}",
        ]
        for kind, name, row in _rows(document)
    )
    night = (
        [kind, f"{MILLION / row['readers_per_s'] / 3600:.1f}", f"{MILLION * row['processor_ms'] / 3.6e6:.1f}"]
        for kind, row in ((kind, _largest(found)) for kind, found in document["rows"].items())
    )
    return [
        f"From the history to a ranked page of {document['stories']} stories with reasons: {document['articles']:,} "
        f"articles, {document['histories']:,} histories, blocks of {document['block']} readers, "
        f"{document['cores']} cores.",
        "",
        *table(HEADS, measured),
        "",
        f"At the speed of the largest number of readers, {MILLION:,} readers would take:",
        "",
        *table(["ranking", "hours on these cores", "core-hours of processor time"], night),
    ]


def _rows(document: Mapping[str, Any]) -> list[tuple[str, str, Mapping[str, Any]]]:
    """Return each measurement with the kind of ranking, and what was ranked: a number of readers, or one alone."""
    return [
        (kind, name, row)
        for kind, found in document["rows"].items()
        for name, row in [("one alone", found["alone"]), *((f"{int(n):,}", row) for n, row in found["blocks"].items())]
    ]


def _largest(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the measurement of the largest number of readers."""
    blocks: Mapping[str, Mapping[str, Any]] = found["blocks"]
    return blocks[max(blocks, key=int)]
