"""The report of an experiment: tables, sentences and a plot of what was found until now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from broadsheet.evaluation.experiments.report_parts import cell, since_first_look, when
from broadsheet.evaluation.experiments.votes_report import report_votes
from broadsheet.evaluation.report.bands import plot_bands
from broadsheet.evaluation.report.files import Report
from broadsheet.experiments.measure import GUARDS
from broadsheet.experiments.results import LEAST_ACTS, LEAST_READERS
from broadsheet.markdown import table

NOTES = [
    "- clicks a page: articles of a page that were clicked, each once. Intervals hold at all looks together with "
    "probability 95 %, so that an experiment may be looked at every hour and stopped at any.",
    "- first page: share of readers who clicked on their first page, with an interval that holds for any number of "
    "readers.",
    "- CUPED: the difference without what readers clicked before the experiment; it has the narrower interval.",
]


def report_experiment(document: Mapping[str, Any]) -> Report:
    """Return what an experiment found as a report; a plot of the differences if two arms could be compared."""
    if document["kind"] == "interleaving":
        return report_votes(document)
    name = document["experiment"]
    plots = {}
    compared = {
        arm: found["looks"] for arm, found in document.get("differences", {}).items() if found["low"] is not None
    }
    if compared:
        times, axis = since_first_look(document)
        title = f"{name}: clicks a page less those of {document['control']} (95 % at all looks)"
        plots[""] = partial(plot_bands, compared, times, title, x=axis, y="difference")
    return Report(f"experiment-{name}", document, [*_lines(document)], plots)


def _lines(document: Mapping[str, Any]) -> Iterator[str]:
    yield f"## Experiment {document['experiment']}"
    yield ""
    yield from _arms(document)
    yield ""
    if "times" not in document:
        yield "No page of this experiment was logged yet."
        return
    yield when(document)
    yield ""
    yield from _differences(document)
    yield ""
    yield _split(document["split"])
    if mixed := document["readers_in_two_arms"]:
        yield (
            f"Readers who saw two arms: {mixed:,}. They are left out; weights or salt were changed while the "
            "experiment ran."
        )
    yield ""
    yield from _guards(document)
    yield ""
    yield from NOTES
    yield from (f"- {name}: {GUARDS[name]}." for name in next(iter(document["guards"].values()), {}))


def _arms(document: Mapping[str, Any]) -> list[str]:
    head = ["arm", "readers", "pages", "clicks", "clicks a page", "first page"]
    rows = (
        [
            arm + (" (control)" if arm == document["control"] else ""),
            *(f"{found[count]:,}" for count in ("readers", "pages", "clicks")),
            cell(found.get("click_rate")),
            cell(found.get("first_page")),
        ]
        for arm, found in document["arms"].items()
    )
    return table(head, rows)


def _differences(document: Mapping[str, Any]) -> list[str]:
    head = ["arm", "difference", "relative", "p", "CUPED", "verdict"]
    rows = (
        [
            arm,
            cell(found, "+"),
            cell(found["relative"], "+", share=True),
            f"{found['p']:.4f}",
            cell(found["cuped"], "+"),
            _verdict(found, document["control"]),
        ]
        for arm, found in document["differences"].items()
    )
    return table(head, rows)


def _verdict(found: Mapping[str, Any], control: str) -> str:
    best = found["cuped"] if found["cuped"] else found
    if best["low"] is None:
        return f"too few yet: each arm needs {LEAST_READERS} readers and {LEAST_ACTS} clicks"
    if best["low"] > 0:
        return f"more clicks than {control}"
    return f"fewer clicks than {control}" if best["high"] < 0 else "not told apart yet"


def _split(split: Mapping[str, Any]) -> str:
    shares = ", ".join(f"{arm} {found:.1%} (set: {split['shares'][arm]:.1%})" for arm, found in split["found"].items())
    if split["alarm"]:
        return (
            f"**Alarm: the split is broken** (p = {split['p']:.2g}): {shares}. Pages of an arm are lost, logged twice "
            "or served to others. Believe nothing of this experiment until that is found."
        )
    return f"The split is as set (p = {split['p']:.2g}): {shares}."


def _guards(document: Mapping[str, Any]) -> list[str]:
    head = ["arm", "guard-rail", document["control"], "arm's", "alarm"]
    rows = (
        [arm, name, *(_number(guard[key]) for key in ("control", "mean")), "**alarm**" if guard["alarm"] else "no"]
        for arm, guards in document["guards"].items()
        for name, guard in guards.items()
    )
    return table(head, rows)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
