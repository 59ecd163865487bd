"""The report of a forgotten reader: what a search of all files finds before, at once, and after the next night."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from broadsheet.evaluation.report.files import Report
from broadsheet.markdown import table


def report_forgetting(document: Mapping[str, Any]) -> Report:
    """Return the document with a table of the searches, and what the reader did."""
    return Report("forgetting-demo", dict(document), [*_lines(document)], {})


def _lines(document: Mapping[str, Any]) -> Iterator[str]:
    acts = ", ".join(f"{name}: {count:,}" for name, count in document["acts"].items())
    yield f"A newsroom of {document['articles']:,} articles. What its reader did, and got: {acts}."
    yield f"The history that is searched for has {document['history']:,} articles."
    yield ""
    header = [
        "search",
        "files",
        "MB",
        "places with the id",
        f"places with the history of {document['history']} articles",
    ]
    rows = [
        [name, f"{one['files']:,}", f"{one['bytes'] / 1e6:,.1f}", _places(one["id"]), _places(one["history"])]
        for name, one in document["scans"].items()
    ]
    yield from table(header, rows)
    hidden, export, log = document["hidden"], document["export"], document["log"]
    yield ""
    same = "is that" if hidden["page of a reader whom nobody knows"] else "is not that"
    yield (
        f"- At once: the reader's page {same} of a reader whom nobody knows; rows of the reader's export: "
        f"{hidden['rows of the export']:,}, after the night {hidden['rows of the export after']:,}."
    )
    yield f"- What the service printed, its access log too: {log['lines']:,} lines, {log['hits']:,} with the id."
    rows_of = ", ".join(f"{name} {count:,}" for name, count in export["rows"].items())
    yield (
        f"- The reader's file, written before ({rows_of}), went into a newsroom that lacked the reader. After its next "
        f"night, {export['in the same place']} of the {export['stories']} stories of the reader's page stood there in "
        f"the same places; on the page of a reader whom nobody knows, "
        f"{export['of a reader whom nobody knows']} of them did."
    )


def _places(by_folder: Mapping[str, int]) -> str:
    total = sum(by_folder.values())
    return f"{total:,} ({', '.join(f'{name} {count}' for name, count in by_folder.items())})" if total else "0"
