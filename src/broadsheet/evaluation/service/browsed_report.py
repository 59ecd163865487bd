"""The report of the pages in a browser: a row for each page, and all that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from broadsheet.evaluation.report.files import Report
from broadsheet.markdown import table


def report_browsed(document: Mapping[str, Any]) -> Report:
    """Return the document with a table of weights and faults."""
    pages = document["pages"]
    views = next(iter(pages.values()))["views"]
    rows = [
        [
            page,
            f"{found['kb']:,.0f}",
            *(f"{sum(count(view) for view in found['views'].values()):,}" for count in _COUNTS.values()),
        ]
        for page, found in pages.items()
    ]
    return Report(
        f"browsed-{document['newsroom']}",
        document,
        [
            f"{len(pages)} pages, each in {len(views)} views: {'; '.join(views)}.",
            "",
            *table(["page", "KB", *_COUNTS], rows),
            "",
            "- KB: what the browser fetched from the service without a cache at 1,280 px, headers too.",
            "- axe: elements that break a rule of axe-core, of all views with JavaScript.",
            "- too wide: views in which the page is wider than the window.",
            "- errors: messages of the browser's console, such as those of the content security policy.",
        ],
    )


def _axe(view: Mapping[str, Any]) -> int:
    return sum(view["violations"].values())


def _too_wide(view: Mapping[str, Any]) -> int:
    return int(view["too_wide"])


def _errors(view: Mapping[str, Any]) -> int:
    return len(view["errors"])


_COUNTS = {"axe": _axe, "too wide": _too_wide, "errors": _errors}
