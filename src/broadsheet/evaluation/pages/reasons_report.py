"""What the deletion test of reasons found, as JSON, Markdown and a plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
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
)
from broadsheet.evaluation.report.document import (
    INTERVALS,
    SAMPLES,
    about,
    cell,
    data_of,
    differences_of,
    models_of,
    stamp,
    with_holm,
)
from broadsheet.evaluation.report.plots import plot_slices
from broadsheet.metrics.intervals import Bootstrap
from broadsheet.models.loading import folder_fingerprint
from broadsheet.offline.replay import Values
from broadsheet.tables.files import replacing, write_json, write_text
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


def describe_reasons(findings: ReasonFindings, bench: Workbench, split: Split, checkout: Path) -> dict[str, Any]:
    """Return a document that JSON can hold: each row by slice with intervals, paired differences, data, models.

    `checkout` is the folder whose git commit is named.
    """
    read = [len(articles_read(bench, one)) for one in findings.readers]
    users = [one.user_id for one in findings.readers]
    parts = {name: _measure(deletions, read, users) for name, deletions in findings.deletions.items()}
    scorer = bench.cross_encoder
    return {
        "benchmark": "reasons",
        "setting": "content-only",
        **stamp(checkout),
        "data": data_of(bench, split, users),
        "models": models_of(bench, [])
        | {
            "cross_encoder": scorer.fingerprint if scorer else "",
            "weights": vars(bench.config.rerank.weights),
            "fusion": folder_fingerprint(bench.newsroom.fusion) if bench.fusion else "",
        },
        "intervals": INTERVALS,
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


def reasons_to_markdown(document: Mapping[str, Any]) -> str:
    """Return the document as Markdown tables with what was measured."""
    lines: list[str] = []
    for scoring, found in document["scorings"].items():
        lines += [
            f"Scored by **{scoring}**: {found['items']:,} items; the scores of a list have a standard deviation of "
            f"{found['spread']:.4f} on average.",
            "",
        ]
        for metric in DEFINITIONS:
            lines += [*_table(found["slices"], metric), ""]
    lines += [*_difference_lines(document["differences"]), "", *about(document), ""]
    lines += [f"- {name}: {note}." for name, note in (document["notes"] | document["definitions"]).items()]
    return "\n".join(lines) + "\n"


def _table(slices: Mapping[str, Any], metric: str) -> list[str]:
    columns = [metric, "readers", *NOTES, f"{SHARE}: {NAMED} > {ANOTHER}"]
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for name, found in slices.items():
        cells = [cell(found["rows"][row][metric]) for row in NOTES]
        lines.append(f"| {name} | {found['readers']:,} | {' | '.join(cells)} | {cell(found[SHARE][metric])} |")
    return lines


def _difference_lines(differences: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = ["| scored by | readers | difference | metric | mean [95 % interval] | p, Holm |", "|---" * 6 + "|"]
    return lines + [
        f"| {one['scoring']} | {one['slice']} | {one['of']} - {one['minus']} | {one['metric']} | {cell(one, '+')} | "
        f"{one['p_holm']:.4f} |"
        for one in differences
    ]


def write_reasons(document: Mapping[str, Any], out: Path) -> list[Path]:
    """Write reasons-<split>.json, .md and .png into a folder, each whole or not at all, and return their paths."""
    name = f"reasons-{document['data']['split']}"
    paths = [out / f"{name}{suffix}" for suffix in (".json", ".md", ".png")]
    write_json(paths[0], document)
    write_text(paths[1], reasons_to_markdown(document))
    panels = {
        f"scored by {scoring}": {
            row: {part: values["rows"][row][DROP] for part, values in found["slices"].items()} for row in NOTES
        }
        for scoring, found in document["scorings"].items()
    }
    with replacing(paths[2]) as part:
        plot_slices(panels, "How far an item's score falls without one article of the history", part)
    return paths
