"""The report of the benchmark of off-policy estimators: a table for each group of logs, and plots by log size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from broadsheet.evaluation.off_policy.coverage import DECISIONS, FROM_THE_TOP, SLOTS_ALONE, curves
from broadsheet.evaluation.report.files import Report
from broadsheet.evaluation.report.lines import notes, origin
from broadsheet.evaluation.report.plots import plot_curves
from broadsheet.markdown import table

AIM = 0.93
_HEADS = ("bias", "error", "coverage", "bootstrap", "width")
_NOTES = {
    "bias, error, width": "as shares of the true value; error is the root mean square, width that of the interval",
    "coverage": f"in how many logs the interval of 95 % holds the true value; below {AIM:.0%} it is in **bold**",
    "bootstrap": "the same of the plain bootstrap over readers, for comparison",
    "DM, MIPS, IIPS": "have a bias of their own where the model is wrong, where articles of a cluster differ, or where "
    "readers look from the top; the interval of DM includes that of DR, and no interval of MIPS or IIPS knows its bias",
}


def report_coverage(document: Mapping[str, Any]) -> Report:
    """Return the document with a table for each group, and a plot of the error and of the coverage."""
    lines = [f"{document['logs']:,} simulated logs of each size; a reader comes several times."]
    for group, found in document["groups"].items():
        lines += ["", f"## {group[0].upper()}{group[1:]}", "", f"True value {found['value']:.4f}.", ""]
        heads = [f"{head}, {size:,}" for size in document["sizes"] for head in _HEADS]
        rows = ([name, *_cells(by_size)] for name, by_size in found["rows"].items())
        lines += table(["estimator", *heads], rows)
    lines += ["", *notes(_NOTES), "", origin(document)]
    plots = {
        ending + also: partial(_plot, curves(document, figure), figure, among)
        for ending, among in (("", (DECISIONS,)), ("-pages", (SLOTS_ALONE, FROM_THE_TOP)))
        for also, figure in (("", "error"), ("-coverage", "coverage"))
    }
    return Report("estimators", document, lines, plots)


def _plot(panels: Mapping[str, Any], figure: str, among: Sequence[str], path: Path) -> None:
    titles = {"error": "Root mean square error, as a share of the true value", "coverage": "Coverage of the interval"}
    chosen = {name: panels[name] for name in among}
    plot_curves(chosen, titles[figure], path, along="rounds of the log", down=figure)


def _cells(by_size: Mapping[str, Mapping[str, float]]) -> list[str]:
    found = []
    for one in by_size.values():
        coverage = f"{one['coverage']:.3f}"
        found += [
            f"{one['bias']:+.3f}",
            f"{one['error']:.3f}",
            coverage if one["coverage"] >= AIM else f"**{coverage}**",
            f"{one['bootstrap_coverage']:.3f}" if "bootstrap_coverage" in one else "",
            f"{one['width']:.3f}",
        ]
    return found
