"""The report of the ranking benchmark: document, tables, and plots of rows, slices and calibration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from broadsheet.corpus.impressions import Split
from broadsheet.evaluation.ranking.beyond_accuracy import DEFINITIONS, GINI, KS
from broadsheet.evaluation.ranking.calibration import describe_calibration
from broadsheet.evaluation.ranking.findings import RankingFindings
from broadsheet.evaluation.ranking.fusion import FUSION
from broadsheet.evaluation.ranking.scores import PIPELINE
from broadsheet.evaluation.report.document import SAMPLES, common, differences_of, filled, ranking_models
from broadsheet.evaluation.report.files import Report
from broadsheet.evaluation.report.lines import about, cell, notes, table_of_differences, table_of_means
from broadsheet.evaluation.report.plots import plot_reliability, plot_rows, plot_slices
from broadsheet.markdown import table
from broadsheet.metrics.intervals import Bootstrap
from broadsheet.offline.replay import SEEDS
from broadsheet.workbench.data import EditionData
from broadsheet.workbench.models import EditionModels

SLICED = {"auc": "AUC", "ndcg@10": "nDCG@10"}
"""Metrics of the slices, and their names in plots."""


def describe_ranking(
    findings: RankingFindings, data: EditionData, models: EditionModels, split: Split, *, live: bool = False
) -> dict[str, Any]:
    """Return a document that JSON can hold: means with 95 % intervals, paired differences, data, models, versions."""
    bootstrap = Bootstrap(findings.users, np.random.default_rng(0), SAMPLES)
    calibrated, setting = findings.calibrated, "live" if live else "content-only"
    trained = {"towers": list(findings.towers), "cross_encoders": list(findings.cross_encoders)}
    return {
        **common("ranking", data, models, split, findings.users, setting=setting, **ranking_models(models), **trained),
        "seeds": list(SEEDS),
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


def _slices(findings: RankingFindings, bootstrap: Bootstrap) -> dict[str, Any]:
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


def report_ranking(document: Mapping[str, Any]) -> Report:
    """Return the document with its tables, what was measured, and plots."""
    rows, slices = document["rows"], document["slices"]
    lines = table_of_means(document["benchmark"], rows, list(next(iter(rows.values()))))
    lines += ["", *table_of_differences(document["differences"]), ""]
    for k in KS:
        lines += [f"## Beyond accuracy: the first {k}", "", *_beyond_lines(document, k), ""]
    for metric in SLICED:
        lines += [f"## By the length of the history: {metric}", ""]
        lines += [*table_of_means("ranking", slices[metric], list(slices["impressions"])), ""]
    sizes = ", ".join(f"{name} {size:,}" for name, size in slices["impressions"].items())
    lines += [f"Impressions: {sizes}.", ""]
    if document["calibration"]:
        lines += ["## Probabilities of the learned fusion", "", *_calibration_lines(document["calibration"]), ""]
    lines += ["## What was measured", "", *about(document), "", *notes(document["notes"] | document["definitions"])]
    name = f"ranking-{document['data']['split']}" + ("-live" if document["setting"] == "live" else "")
    return Report(name, document, lines, _plots(document))


def _beyond_lines(document: Mapping[str, Any], k: int) -> list[str]:
    beyond, gini = document["beyond"], f"{GINI}@{k}"
    metrics = [name for name in next(iter(beyond.values())) if name.endswith(f"@{k}")]
    rows = (
        [row, *(cell(values.get(name)) for name in metrics), f"{document['lists'][row][gini]:.4f}"]
        for row, values in beyond.items()
    )
    return table(["ranking", *metrics, gini], rows)


def _calibration_lines(calibration: Mapping[str, Any]) -> list[str]:
    ways = calibration["ways"]
    rows = ([name, f"{way['error']:.4f}", f"{way['held_out_error']:.4f}"] for name, way in ways.items())
    lines = table(["probability", "error", "error, held out of the learning split"], rows)
    lines += ["", f"Error: {calibration['definition']}.", ""]
    return lines + notes({name: way["note"] for name, way in ways.items()})


def in_use(document: Mapping[str, Any]) -> str:
    """Return the row that ranks the newsroom's pages: the learned fusion only where the newsroom has such a model."""
    return FUSION if document["models"].get("fusion") and FUSION in document["rows"] else PIPELINE


def _plots(document: Mapping[str, Any]) -> dict[str, Callable[[Path], None]]:
    rows, title = document["rows"], f"on {document['data']['split']}, {document['setting']}"
    sizes = document["slices"]["impressions"]
    panels = {
        label: {
            row: {f"{slice_}\n{sizes[slice_]:,} impressions": value for slice_, value in parts.items()}
            for row, parts in document["slices"][metric].items()
        }
        for metric, label in SLICED.items()
    }
    ours = in_use(document)
    plots: dict[str, Callable[[Path], None]] = {
        "": lambda path: plot_rows(rows, ours, f"Ranking {title}", path),
        "-slices": lambda path: plot_slices(panels, f"Ranking {title}", path, ours),
    }
    if document["calibration"]:
        ways = document["calibration"]["ways"]
        plots["-calibration"] = lambda path: plot_reliability(ways, f"Learned fusion {title}", path)
    return plots
