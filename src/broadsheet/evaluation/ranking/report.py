"""What the ranking benchmark found: as JSON, as Markdown tables, and as plots of rows, slices and calibration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from broadsheet.corpus.impressions import Split
from broadsheet.evaluation.ranking.beyond_accuracy import DEFINITIONS, GINI, KS
from broadsheet.evaluation.ranking.calibration import describe_calibration
from broadsheet.evaluation.ranking.findings import Findings
from broadsheet.evaluation.ranking.fusion import FUSION
from broadsheet.evaluation.ranking.rows import PIPELINE
from broadsheet.evaluation.report.document import (
    INTERVALS,
    SAMPLES,
    about,
    cell,
    data_of,
    difference_lines,
    differences_of,
    filled,
    models_of,
    stamp,
    table_lines,
)
from broadsheet.evaluation.report.plots import plot_reliability, plot_rows, plot_slices
from broadsheet.metrics.intervals import Bootstrap
from broadsheet.offline.replay import SEEDS
from broadsheet.tables.files import replacing, write_json, write_text
from broadsheet.workbench.workbench import Workbench

SLICED = {"auc": "AUC", "ndcg@10": "nDCG@10"}
"""Metrics of the slices, and their names in plots."""


def describe(
    findings: Findings, bench: Workbench, split: Split, checkout: Path, *, live: bool = False
) -> dict[str, Any]:
    """Return a document that JSON can hold: means with 95 % intervals, paired differences, data, models, versions.

    `checkout` is the folder whose git commit is named.
    """
    bootstrap = Bootstrap(findings.users, np.random.default_rng(0), SAMPLES)
    scorer, calibrated = bench.cross_encoder, findings.calibrated
    return {
        "benchmark": "ranking",
        "setting": "live" if live else "content-only",
        **stamp(checkout),
        "data": data_of(bench, split, findings.users),
        "models": models_of(bench, findings.towers)
        | {"cross_encoder": scorer.fingerprint if scorer else "", "cross_encoders": list(findings.cross_encoders)}
        | {"weights": vars(bench.config.rerank.weights)},
        "seeds": list(SEEDS),
        "intervals": INTERVALS,
        "notes": {name: note for name, note in findings.notes.items() if name in findings.rows},
        "definitions": DEFINITIONS,
        "rows": {name: bootstrap.intervals(values) for name, values in findings.rows.items()},
        "differences": differences_of(bootstrap, findings.rows, findings.comparisons),
        "runs": findings.runs,
        "slices": _slices(findings, bootstrap),
        "beyond": {row: bootstrap.intervals(filled(measured.values)) for row, measured in findings.beyond.items()},
        "lists": {row: measured.whole for row, measured in findings.beyond.items()},
        "calibration": describe_calibration(calibrated, findings.clicked, findings.offsets, bootstrap)
        if calibrated
        else None,
        "remarks": findings.remarks,
    }


def _slices(findings: Findings, bootstrap: Bootstrap) -> dict[str, Any]:
    """Return the impressions of each slice, and of each metric and main row the interval in each slice."""
    sizes = {name: int(part.sum()) for name, part in findings.slices.items() if part.any()}
    intervals = {
        metric: {
            row: bootstrap.intervals(
                {name: np.where(findings.slices[name], findings.rows[row][metric], np.nan) for name in sizes}
            )
            for row in findings.scores
        }
        for metric in SLICED
    }
    return {"impressions": sizes, **intervals}


def to_markdown(document: Mapping[str, Any]) -> str:
    """Return the document as Markdown tables with what was measured."""
    rows, slices = document["rows"], document["slices"]
    lines = table_lines(document["benchmark"], rows, list(next(iter(rows.values()))))
    lines += ["", *difference_lines(document["differences"]), ""]
    for k in KS:
        lines += [f"## Beyond accuracy: the first {k}", "", *_beyond_lines(document, k), ""]
    for metric in SLICED:
        lines += [f"## By the length of the history: {metric}", ""]
        lines += [*table_lines("ranking", slices[metric], list(slices["impressions"])), ""]
    sizes = ", ".join(f"{name} {size:,}" for name, size in slices["impressions"].items())
    lines += [f"Impressions: {sizes}.", ""]
    if document["calibration"]:
        lines += ["## Probabilities of the learned fusion", "", *_calibration_lines(document["calibration"]), ""]
    lines += ["## What was measured", "", *about(document), ""]
    lines += [f"- {name}: {note}." for name, note in (document["notes"] | document["definitions"]).items()]
    return "\n".join(lines) + "\n"


def _beyond_lines(document: Mapping[str, Any], k: int) -> list[str]:
    beyond, gini = document["beyond"], f"{GINI}@{k}"
    metrics = [name for name in next(iter(beyond.values())) if name.endswith(f"@{k}")]
    lines = [f"| ranking | {' | '.join([*metrics, gini])} |", "|---" * (len(metrics) + 2) + "|"]
    for row, values in beyond.items():
        cells = [cell(values.get(name)) for name in metrics] + [f"{document['lists'][row][gini]:.4f}"]
        lines.append(f"| {row} | {' | '.join(cells)} |")
    return lines


def _calibration_lines(calibration: Mapping[str, Any]) -> list[str]:
    lines = ["| probability | error | error, held out of the learning split |", "|---|---|---|"]
    for name, way in calibration["ways"].items():
        lines.append(f"| {name} | {way['error']:.4f} | {way['held_out_error']:.4f} |")
    lines += ["", f"Error: {calibration['definition']}.", ""]
    return lines + [f"- {name}: {way['note']}." for name, way in calibration["ways"].items()]


def write_report(document: Mapping[str, Any], out: Path) -> list[Path]:
    """Write ranking-<split>[-live].json, .md, .png, -slices.png and, with a fusion, -calibration.png into a folder.

    Each is written whole or not at all. Returns their paths.
    """
    data, setting = document["data"], document["setting"]
    name = f"ranking-{data['split']}" + ("-live" if setting == "live" else "")
    paths = [out / f"{name}{end}" for end in (".json", ".md", ".png", "-slices.png")]
    write_json(paths[0], document)
    write_text(paths[1], to_markdown(document))
    title = f"on {data['split']}, {setting}"
    with replacing(paths[2]) as part:
        ours = FUSION if FUSION in document["rows"] else PIPELINE
        plot_rows(document["rows"], ours, f"Ranking {title}", part)
    sizes = document["slices"]["impressions"]
    panels = {
        label: {
            row: {f"{slice_}\n{sizes[slice_]:,} impressions": value for slice_, value in parts.items()}
            for row, parts in document["slices"][metric].items()
        }
        for metric, label in SLICED.items()
    }
    with replacing(paths[3]) as part:
        plot_slices(panels, f"Ranking {title}", part)
    if document["calibration"]:
        paths.append(out / f"{name}-calibration.png")
        with replacing(paths[4]) as part:
            plot_reliability(document["calibration"]["ways"], f"Learned fusion {title}", part)
    return paths
