"""What the cold-start benchmark found, as JSON, Markdown and a plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from broadsheet.corpus.impressions import Split
from broadsheet.evaluation.pages.cold_start import (
    BOTH,
    DEFINITIONS,
    FULL,
    HALF,
    KNOWN,
    LEAST_READ,
    NEW,
    NOTES,
    POPULARITY,
    PROFILE,
    RANKING,
    Start,
)
from broadsheet.evaluation.report.document import (
    INTERVALS,
    SAMPLES,
    about,
    data_of,
    difference_lines,
    differences_of,
    models_of,
    stamp,
    table_lines,
    with_holm,
)
from broadsheet.evaluation.report.plots import plot_rows
from broadsheet.metrics.intervals import Bootstrap
from broadsheet.models.loading import folder_fingerprint
from broadsheet.offline.replay import SEEDS, Values
from broadsheet.tables.files import replacing, write_json, write_text
from broadsheet.workbench.workbench import Workbench

ALL, TOLD = "all", "with a profile"
COMPARISONS = (
    *((row, FULL) for row in (HALF, BOTH, PROFILE, NEW)),
    (BOTH, HALF),
    (PROFILE, NEW),
    (PROFILE, HALF),
)


@dataclass(frozen=True)
class ColdStartFindings:
    """The impressions measured, and what each row made of them."""

    starts: Sequence[Start]
    rows: Mapping[str, Values]


def describe_cold_start(findings: ColdStartFindings, bench: Workbench, split: Split, checkout: Path) -> dict[str, Any]:
    """Return a document that JSON can hold: rows with intervals, paired differences, data, models, versions.

    `checkout` is the folder whose git commit is named.
    """
    users = [start.impression.user_id for start in findings.starts]
    told = np.array([bool(start.profile) for start in findings.starts])
    parts = {ALL: np.ones(len(told), np.bool_), TOLD: told}
    measured = {name: _measure(findings.rows, users, part) for name, part in parts.items() if part.any()}
    scorer = bench.cross_encoder
    return {
        "benchmark": "cold-start",
        "setting": "content-only",
        **stamp(checkout),
        "data": data_of(bench, split, users),
        "models": models_of(bench, [])
        | {
            "cross_encoder": scorer.fingerprint if scorer else "",
            "weights": vars(bench.config.rerank.weights),
            "sources": bench.source_weights,
            "fusion": folder_fingerprint(bench.newsroom.fusion) if bench.fusion else "",
        },
        "seeds": list(SEEDS),
        "intervals": INTERVALS,
        "notes": NOTES,
        "definitions": DEFINITIONS,
        "impressions": {name: int(part.sum()) for name, part in parts.items() if part.any()},
        "rows": {name: rows for name, (rows, _) in measured.items()},
        "differences": with_holm(
            [{"part": name, **one} for name, (_, differences) in measured.items() for one in differences]
        ),
        "remarks": _remarks(findings.starts, told),
    }


def _measure(
    rows: Mapping[str, Values], users: Sequence[str], part: npt.NDArray[np.bool_]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the intervals of all rows on a part of the impressions, and the paired differences."""
    kept = {row: {name: values[part] for name, values in metrics.items()} for row, metrics in rows.items()}
    bootstrap = Bootstrap(np.asarray(users)[part], np.random.default_rng(0), SAMPLES)
    differences = differences_of(bootstrap, kept, COMPARISONS)
    differences += differences_of(bootstrap, kept, [(NEW, POPULARITY)], RANKING)
    return {row: bootstrap.intervals(metrics) for row, metrics in kept.items()}, differences


def _remarks(starts: Sequence[Start], told: npt.NDArray[np.bool_]) -> list[str]:
    read = [len(start.half) for start in starts]
    return [
        f"Readers: those with at least {LEAST_READ} different history articles with text; their older halves hold "
        f"{np.mean(read):.1f} articles on average, {np.median(read):.0f} in the median.",
        f"The older half gives a profile for {told.mean():.1%} of the impressions ({TOLD}); for the others a profile "
        "row knows no more than the same row without.",
    ]


def cold_start_to_markdown(document: Mapping[str, Any]) -> str:
    """Return the document as Markdown tables with what was measured."""
    lines: list[str] = []
    for name, rows in document["rows"].items():
        found = [one for one in document["differences"] if one["part"] == name]
        lines += [f"## {document['impressions'][name]:,} impressions: {name}", ""]
        lines += [*table_lines("known of the reader", rows, list(DEFINITIONS)), "", *difference_lines(found), ""]
    lines += ["## What was measured", "", *about(document), ""]
    lines += [f"- {name}: {note}." for name, note in (document["notes"] | document["definitions"]).items()]
    return "\n".join(lines) + "\n"


def write_cold_start(document: Mapping[str, Any], out: Path) -> list[Path]:
    """Write cold-start-<split>.json, .md and .png into a folder, each whole or not at all, and return their paths."""
    split = document["data"]["split"]
    paths = [out / f"cold-start-{split}{suffix}" for suffix in (".json", ".md", ".png")]
    write_json(paths[0], document)
    write_text(paths[1], cold_start_to_markdown(document))
    name = TOLD if TOLD in document["rows"] else ALL
    with replacing(paths[2]) as part:
        rows = {row: document["rows"][name][row] for row in KNOWN}
        plot_rows(rows, BOTH, f"Cold start on {split}, readers {name}", part)
    return paths
