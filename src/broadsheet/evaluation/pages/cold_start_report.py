"""The report of the cold-start benchmark: document, tables and plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    measure_starts,
    read_starts,
)
from broadsheet.evaluation.ranking.fusion import requests_of
from broadsheet.evaluation.report.document import SAMPLES, common, differences_of, ranking_models, with_holm
from broadsheet.evaluation.report.files import Report
from broadsheet.evaluation.report.lines import about, notes, table_of_differences, table_of_means
from broadsheet.evaluation.report.plots import plot_rows
from broadsheet.metrics.intervals import Bootstrap
from broadsheet.offline.replay import SEEDS, Values
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


def measure_cold_start(bench: Workbench, split: Split) -> Report:
    """Measure readers of a split by full history, half of it, half and profile, profile alone, and nothing."""
    ((view, impressions),) = requests_of(bench, split, lent=False)
    starts = read_starts(view.data, impressions)
    return report_cold_start(describe_cold_start(ColdStartFindings(starts, measure_starts(view, starts)), bench, split))


def describe_cold_start(findings: ColdStartFindings, bench: Workbench, split: Split) -> dict[str, Any]:
    """Return a document that JSON can hold: rows with intervals, paired differences, data, models, versions."""
    users = [start.impression.user_id for start in findings.starts]
    told = np.array([bool(start.profile) for start in findings.starts])
    parts = {name: part for name, part in {ALL: np.ones(len(told), np.bool_), TOLD: told}.items() if part.any()}
    measured = {name: _measure(findings.rows, users, part) for name, part in parts.items()}
    models = ranking_models(bench.models) | {"sources": bench.models.source_weights}
    return {
        **common("cold-start", bench.data, bench.models, split, users, setting="content-only", **models),
        "seeds": list(SEEDS),
        "notes": NOTES,
        "definitions": DEFINITIONS,
        "impressions": {name: int(part.sum()) for name, part in parts.items()},
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


def report_cold_start(document: Mapping[str, Any]) -> Report:
    """Return the document with its tables, what was measured, and a plot."""
    lines: list[str] = []
    for name, rows in document["rows"].items():
        differences = [one for one in document["differences"] if one["part"] == name]
        lines += [f"## {document['impressions'][name]:,} impressions: {name}", ""]
        lines += [*table_of_means("known of the reader", rows, list(DEFINITIONS)), ""]
        lines += [*table_of_differences(differences), ""]
    lines += ["## What was measured", "", *about(document), "", *notes(document["notes"] | document["definitions"])]
    split, part = document["data"]["split"], TOLD if TOLD in document["rows"] else ALL
    drawn = {row: document["rows"][part][row] for row in KNOWN}
    title = f"Cold start on {split}, readers {part}"
    return Report(f"cold-start-{split}", document, lines, {"": lambda path: plot_rows(drawn, BOTH, title, path)})
