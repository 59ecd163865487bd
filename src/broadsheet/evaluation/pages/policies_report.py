"""What the benchmark of policies found, as JSON, Markdown and a plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from broadsheet.corpus.impressions import Split
from broadsheet.evaluation.pages.policies import ALONE, DEFAULT, DEFINITIONS, NDCG, NOTES, Sweep
from broadsheet.evaluation.ranking.beyond_accuracy import KS
from broadsheet.evaluation.report.document import (
    INTERVALS,
    SAMPLES,
    about,
    cell,
    data_of,
    difference_lines,
    differences_of,
    models_of,
    stamp,
    table_lines,
)
from broadsheet.evaluation.report.plots import plot_tradeoffs
from broadsheet.metrics.intervals import Bootstrap
from broadsheet.offline.replay import Values
from broadsheet.rerank import Policy
from broadsheet.tables.files import replacing, write_json, write_text
from broadsheet.workbench.workbench import Workbench


@dataclass(frozen=True)
class PolicyFindings:
    """The metrics of each policy, by impression."""

    rows: Mapping[str, Values]
    sweeps: Sequence[Sweep]
    policy: Policy
    "The newsroom's own."
    users: list[str]
    "The reader of each impression, whole readers being resampled for the intervals."
    remarks: list[str]
    "What else the reader must know, in sentences."


def describe_policies(findings: PolicyFindings, bench: Workbench, split: Split, checkout: Path) -> dict[str, Any]:
    """Return a document that JSON can hold: intervals of rows and curves, paired differences, data, models, versions.

    `checkout` is the folder whose git commit is named.
    """
    bootstrap = Bootstrap(findings.users, np.random.default_rng(0), SAMPLES)
    pairs = [(name, ALONE) for name in findings.rows if name != ALONE]
    scorer = bench.cross_encoder
    return {
        "benchmark": "diversity",
        **stamp(checkout),
        "data": data_of(bench, split, findings.users),
        "models": models_of(bench, []) | {"cross_encoder": scorer.fingerprint if scorer else ""},
        "intervals": INTERVALS,
        "definitions": DEFINITIONS,
        "policy": asdict(findings.policy),
        "rows": {name: bootstrap.intervals(values) for name, values in findings.rows.items()},
        "differences": differences_of(bootstrap, findings.rows, pairs, [f"{NDCG}@{k}" for k in KS]),
        "curves": {
            sweep.setting: {
                "against": sweep.against,
                **{name: _curve(bootstrap, curve) for name, curve in sweep.curves.items()},
            }
            for sweep in findings.sweeps
        },
        "notes": NOTES,
        "remarks": findings.remarks,
    }


def _curve(bootstrap: Bootstrap, curve: Mapping[float, Values]) -> list[dict[str, Any]]:
    return [{"weight": weight, **bootstrap.intervals(values)} for weight, values in curve.items()]


def policies_to_markdown(document: Mapping[str, Any]) -> str:
    """Return the document as Markdown tables with what was measured."""
    rows = document["rows"]
    lines = table_lines("policy", rows, list(rows[ALONE]))
    lines += ["", *difference_lines(document["differences"])]
    for setting, found in document["curves"].items():
        for name, points in found.items():
            if name != "against":
                metrics = [f"{metric}@{k}" for k in KS for metric in (NDCG, found["against"])]
                lines += ["", f"**{setting}**, {name}:", "", *_curve_lines(setting, points, metrics)]
    lines += ["", *about(document), "", f"The newsroom's policy: {_policy(document['policy'])}.", ""]
    lines += [f"- {name}: {note}." for name, note in (document["notes"] | document["definitions"]).items()]
    return "\n".join(lines) + "\n"


def _curve_lines(setting: str, points: Sequence[Mapping[str, Any]], metrics: Sequence[str]) -> list[str]:
    lines = [f"| {setting} | {' | '.join(metrics)} |", "|---" * (len(metrics) + 1) + "|"]
    return lines + [f"| {point['weight']} | {' | '.join(cell(point[m]) for m in metrics)} |" for point in points]


def _policy(policy: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in policy.items())


def write_policies(document: Mapping[str, Any], out: Path) -> list[Path]:
    """Write diversity-<split>.json, .md and .png into a folder, each whole or not at all, and return their paths."""
    name = f"diversity-{document['data']['split']}"
    paths = [out / f"{name}{suffix}" for suffix in (".json", ".md", ".png")]
    write_json(paths[0], document)
    write_text(paths[1], policies_to_markdown(document))
    panels = {
        (f"{NDCG}@{k}", f"{found['against']}@{k}"): {
            f"{setting}, {name}": points for name, points in found.items() if name != "against"
        }
        for setting, found in document["curves"].items()
        for k in reversed(KS)
    }
    with replacing(paths[2]) as part:
        plot_tradeoffs(panels, document["rows"][DEFAULT], DEFAULT, part)
    return paths
