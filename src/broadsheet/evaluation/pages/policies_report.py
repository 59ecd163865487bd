"""The report of the benchmark of policies: document, tables and plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from broadsheet.corpus.impressions import Split
from broadsheet.evaluation.pages.policies import (
    ALONE,
    DEFAULT,
    DEFINITIONS,
    NDCG,
    NOTES,
    Shown,
    Sweep,
    compared,
    measure_rows,
    read_shown,
    sweep,
    with_one_story_twice,
)
from broadsheet.evaluation.ranking.beyond_accuracy import DISTANCE, DIVERGENCE, KS
from broadsheet.evaluation.ranking.scores import PIPELINE, pipeline_scores
from broadsheet.evaluation.report.document import SAMPLES, common, differences_of, ranking_models
from broadsheet.evaluation.report.files import Report
from broadsheet.evaluation.report.lines import about, cell, notes, table_of_differences, table_of_means
from broadsheet.evaluation.report.plots import plot_tradeoffs
from broadsheet.markdown import table
from broadsheet.metrics.intervals import Bootstrap
from broadsheet.offline.replay import Values
from broadsheet.progress import Say
from broadsheet.rerank import Policy
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


def measure_policies(bench: Workbench, split: Split, say: Say) -> Report:
    """Score what a split's impressions showed once, by the pipeline, and order it by many policies."""
    impressions = [impression for impression in split.impressions if impression.rankable]
    history, policy = bench.models.config.retrieval.history, bench.policy
    shown = read_shown(bench.data.catalogue, impressions, pipeline_scores(bench, impressions)[PIPELINE], history)
    rows = measure_rows(shown, compared(policy), say)
    sweeps = [sweep(shown, policy, "diversity", DISTANCE), sweep(shown, policy, "calibration", DIVERGENCE)]
    users = [impression.user_id for impression in impressions]
    findings = PolicyFindings(rows, sweeps, policy, users, _remarks(shown, policy))
    return report_policies(describe_policies(findings, bench, split))


def _remarks(shown: Shown, policy: Policy) -> list[str]:
    remarks = [
        "Measured: impressions that keep both a click and another article, with text. What was shown is ranked anew, "
        f"{len(shown.clicked) / len(shown.items):.1f} articles on average, so the first 10 are most of a list.",
        f"Impressions that show two articles of one story: {with_one_story_twice(shown, policy):,}.",
    ]
    if not any(items.sources.any() for items in shown.items):
        remarks.append("The articles name no source: the cap of sources and the floor for small ones change nothing.")
    return remarks


def describe_policies(findings: PolicyFindings, bench: Workbench, split: Split) -> dict[str, Any]:
    """Return a document that JSON can hold: intervals of rows and curves, paired differences, data and models."""
    bootstrap = Bootstrap(findings.users, np.random.default_rng(0), SAMPLES)
    pairs = [(name, ALONE) for name in findings.rows if name != ALONE]
    return {
        **common("diversity", bench.data, bench.models, split, findings.users, **ranking_models(bench.models)),
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


def report_policies(document: Mapping[str, Any]) -> Report:
    """Return the document with its tables, what was measured, and a plot."""
    rows = document["rows"]
    lines = [*table_of_means("policy", rows, list(rows[ALONE])), "", *table_of_differences(document["differences"])]
    for setting, found in document["curves"].items():
        metrics = [f"{metric}@{k}" for k in KS for metric in (NDCG, found["against"])]
        for name, points in _curves(found).items():
            values = ([point["weight"], *(cell(point[metric]) for metric in metrics)] for point in points)
            lines += ["", f"**{setting}**, {name}:", "", *table([setting, *metrics], values)]
    policy = ", ".join(f"{name} {value}" for name, value in document["policy"].items())
    lines += ["", *about(document), "", f"The newsroom's policy: {policy}.", ""]
    lines += notes(document["notes"] | document["definitions"])
    panels = {
        (f"{NDCG}@{k}", f"{found['against']}@{k}"): {
            f"{setting}, {name}": points for name, points in _curves(found).items()
        }
        for setting, found in document["curves"].items()
        for k in reversed(KS)
    }
    plots = {"": lambda path: plot_tradeoffs(panels, rows[DEFAULT], DEFAULT, path)}
    return Report(f"diversity-{document['data']['split']}", document, lines, plots)


def _curves(found: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return {name: points for name, points in found.items() if name != "against"}
