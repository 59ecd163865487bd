"""The report of the service under load: tables, and a plot of its memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from broadsheet.evaluation.report.files import Report
from broadsheet.evaluation.report.plots import dress, new_figure, save
from broadsheet.markdown import table

NOTES = {
    "stored pages": "pages of 100 readers that were made before, as JSON; 16 connections",
    "events": "requests of ten clicks each, acknowledged once they are on the disk; 32 connections",
    "fresh pages": "pages that are made for each request, by page_seconds = 0; 8 connections where no number is said",
    "readers who are not in the edition": "the cross-encoder reads all their articles at the request, not in the night",
    "the generator": "wrk, with one thread, on the same cores",
}


def report_service(document: Mapping[str, Any]) -> Report:
    """Return the document with its tables, and a plot of memory if there was a steady load."""
    plots = {"": lambda path: _draw(document, path)} if "steady" in document else {}
    return Report(f"service-{document['newsroom']}", document, [*_lines(document)], plots)


def _lines(document: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"{document['articles']:,} articles, {document['readers']:,} readers; ready after "
        f"{document['seconds_to_ready']:.1f} s with {document['memory_mb']:,.0f} MB of memory."
    )
    yield ""
    steady = document.get("steady", {"rows": {}})
    if rows := document["rows"] | {f"steady: {name}": row for name, row in steady["rows"].items()}:
        yield from _table(rows)
        yield ""
    if memory := steady.get("memory_mb"):
        yield (
            f"Steady: the three loads at once for {steady['seconds'] / 60:.0f} minutes, each at a sixth of its speed "
            "alone, half of what the service does. Memory, looked at each ten seconds: "
            f"{memory[0]:,.0f} MB at first, {max(memory):,.0f} MB at most, "
            f"{memory[-1]:,.0f} MB at last."
        )
        yield ""
    if (swaps := document["swaps"])["swaps"]:
        yield (
            f"Editions published and rolled back {swaps['swaps']} times under load: {swaps['pages']:,} pages, "
            f"{swaps['errors']} errors, {swaps['mixed']} mixed pages; the two editions gave other pages to "
            f"{swaps['readers_whose_pages_differ']} of {swaps['readers']} readers."
        )
        yield ""
    if (kills := document["kills"])["kills"]:
        yield (
            f"Killed {kills['kills']} times while it took events: {kills['acknowledged']:,} acknowledged events, "
            f"{kills['lost']} lost, {kills['twice']} kept twice."
        )
        yield ""
    if rows:
        yield from (f"- {name}: {what}." for name, what in NOTES.items())


def _table(rows: Mapping[str, Any]) -> list[str]:
    return table(
        ["load", "requests a second", "p50, ms", "p99, ms", "requests", "errors"],
        [
            [name, *(f"{row[each]:,.1f}" for each in ("per_second", "p50_ms", "p99_ms"))]
            + [f"{row[each]:,}" for each in ("requests", "errors")]
            for name, row in rows.items()
        ],
    )


def _draw(document: Mapping[str, Any], path: Path) -> None:
    memory = document.get("steady", {}).get("memory_mb", [])
    figure = new_figure(7, 4)
    axis = figure.subplots()
    axis.plot([10 * (place + 1) / 60 for place in range(len(memory))], memory)
    axis.set_ylim(bottom=0)
    axis.set_xlabel("minutes")
    axis.set_ylabel("MB")
    dress(axis, "Memory of the service under a steady load", "both")
    save(figure, path)
