"""The report of the deletion test of reasons: document, tables and plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from broadsheet.corpus.impressions import Impression, Split
from broadsheet.evaluation.pages.reasons import (
    ANOTHER,
    CHANGE,
    DEFINITIONS,
    DROP,
    NAMED,
    NOTES,
    PLACES,
    SECOND,
    Deletions,
    articles_read,
    by_reader,
    delete_each,
    draw_readers,
    scorings,
)
from broadsheet.evaluation.ranking.fusion import requests_of
from broadsheet.evaluation.report.document import SAMPLES, common, differences_of, ranking_models, with_holm
from broadsheet.evaluation.report.files import Report
from broadsheet.evaluation.report.lines import about, cell, notes, table_of_differences
from broadsheet.evaluation.report.plots import plot_slices
from broadsheet.markdown import table
from broadsheet.metrics.intervals import Bootstrap
from broadsheet.offline.replay import Values
from broadsheet.progress import Say
from broadsheet.workbench.workbench import Workbench

ALL = "all"
SLICES = {"2 to 4 read": (2, 4), "5 to 9 read": (5, 9), "10 to 19 read": (10, 19), "20 or more read": (20, None)}
"""Readers by how many different articles of their history are read, both bounds included."""
SHARE = "share of readers"


@dataclass(frozen=True)
class ReasonFindings:
    """The deletions by each way of scoring."""

    readers: list[Impression]
    "The readers measured, each by one impression."
    deletions: Mapping[str, list[Deletions]]


def measure_reasons(bench: Workbench, split: Split, readers: int, say: Say) -> Report:
    """Delete each article of a history in turn, for some readers of a split, drawn by a seed.

    Items are scored by the weights, and by the newsroom's learned fusion if it has one.
    """
    ((view, impressions),) = requests_of(bench, split, lent=False)
    drawn, deletions = draw_readers(view, impressions, readers), {}
    for name in scorings(view):
        say(f"measuring: {name}")
        deletions[name] = delete_each(view, drawn, name)
    return report_reasons(describe_reasons(ReasonFindings(drawn, deletions), bench, split))


def describe_reasons(findings: ReasonFindings, bench: Workbench, split: Split) -> dict[str, Any]:
    """Return a document that JSON can hold: each row by slice with intervals, paired differences, data, models."""
    read = [len(articles_read(bench, one)) for one in findings.readers]
    users = [one.user_id for one in findings.readers]
    parts = {name: _measure(deletions, read, users) for name, deletions in findings.deletions.items()}
    return {
        **common(
            "reasons", bench.data, bench.models, split, users, setting="content-only", **ranking_models(bench.models)
        ),
        "places": PLACES,
        "notes": NOTES,
        "definitions": DEFINITIONS,
        "scorings": {name: part for name, (part, _) in parts.items()},
        "differences": with_holm(
            [{"scoring": name, **one} for name, (_, differences) in parts.items() for one in differences]
        ),
        "remarks": [
            "Readers: drawn by a seed from those with at least two history articles to read and an impression with a "
            "click and another article; of what it showed, ranked anew, the items among the first "
            f"{PLACES} whose reason names an article of the history.",
        ],
    }


def _measure(
    deletions: Sequence[Deletions], read: Sequence[int], users: Sequence[str]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return what is reported of one way of scoring, and the paired differences, corrected within each slice."""
    readers, rows = by_reader(deletions)
    counts = np.array([read[reader] for reader in readers])
    slices: dict[str, Any] = {}
    differences: list[dict[str, Any]] = []
    for name, (least, most) in {ALL: (2, None), **SLICES}.items():
        kept = np.flatnonzero((counts >= least) & (counts <= (most or counts.max())))
        if not len(kept):
            continue
        part = {row: {metric: values[kept] for metric, values in metrics.items()} for row, metrics in rows.items()}
        bootstrap = Bootstrap([users[readers[place]] for place in kept], np.random.default_rng(0), SAMPLES)
        slices[name] = _slice(part, bootstrap)
        pairs = [(NAMED, ANOTHER), (NAMED, SECOND)] if name == ALL else [(NAMED, ANOTHER)]
        metrics = [DROP, CHANGE] if name == ALL else [DROP]
        differences += [{"slice": name, **one} for one in differences_of(bootstrap, part, pairs, metrics)]
    spread = float(np.mean([one.spread for one in deletions]))
    return {"items": len(deletions), "spread": spread, "slices": slices}, differences


def _slice(rows: Mapping[str, Values], bootstrap: Bootstrap) -> dict[str, Any]:
    more = {metric: (rows[NAMED][metric] > rows[ANOTHER][metric]).astype(np.float64) for metric in DEFINITIONS}
    return {
        "readers": len(rows[NAMED][DROP]),
        "rows": {row: bootstrap.intervals(metrics) for row, metrics in rows.items()},
        SHARE: bootstrap.intervals(more),
    }


def report_reasons(document: Mapping[str, Any]) -> Report:
    """Return the document with its tables, what was measured, and a plot."""
    lines: list[str] = []
    for scoring, found in document["scorings"].items():
        lines += [
            f"Scored by **{scoring}**: {found['items']:,} items; the scores of a list have a standard deviation of "
            f"{found['spread']:.4f} on average.",
            "",
        ]
        for metric in DEFINITIONS:
            lines += [*_table(found["slices"], metric), ""]
    lines += [*table_of_differences(document["differences"], scoring="scored by", slice="readers"), ""]
    lines += [*about(document), "", *notes(document["notes"] | document["definitions"])]
    panels = {
        f"scored by {scoring}": {
            row: {part: values["rows"][row][DROP] for part, values in found["slices"].items()} for row in NOTES
        }
        for scoring, found in document["scorings"].items()
    }
    title = "How far an item's score falls without one article of the history"
    plots = {"": lambda path: plot_slices(panels, title, path)}
    return Report(f"reasons-{document['data']['split']}", document, lines, plots)


def _table(slices: Mapping[str, Any], metric: str) -> list[str]:
    return table(
        [metric, "readers", *NOTES, f"{SHARE}: {NAMED} > {ANOTHER}"],
        (
            [
                name,
                f"{found['readers']:,}",
                *(cell(found["rows"][row][metric]) for row in NOTES),
                cell(found[SHARE][metric]),
            ]
            for name, found in slices.items()
        ),
    )
