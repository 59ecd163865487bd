"""The report of an interleaved experiment: which arm got more votes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from broadsheet.evaluation.experiments.report_parts import cell, since_first_look, when
from broadsheet.evaluation.report.bands import plot_bands
from broadsheet.evaluation.report.files import Report
from broadsheet.experiments.results import LEAST_ACTS, LEAST_READERS
from broadsheet.markdown import table


def report_votes(document: Mapping[str, Any]) -> Report:
    """Return what an interleaved experiment found as a report, with a plot of the votes if they can be judged."""
    name, (first, second) = document["experiment"], document["arms"]
    surplus = document.get("surplus")
    plots = {}
    if surplus and surplus["low"] is not None:
        title = f"{name}: votes for {second} less those for {first} (95 % at all looks)"
        times, axis = since_first_look(document)
        plots[""] = partial(plot_bands, {second: surplus["looks"]}, times, title, x=axis, y="surplus of votes")
    return Report(f"experiment-{name}", document, [*_lines(document)], plots)


def _lines(document: Mapping[str, Any]) -> Iterator[str]:
    yield f"## Experiment {document['experiment']}, interleaved"
    yield ""
    head = ["readers", "pages", *(f"votes for {arm}" for arm in document["arms"]), "tied"]
    yield from table(head, [[f"{count:,}" for count in _counts(document)]])
    yield ""
    if "times" not in document:
        yield "No vote was cast yet."
        return
    yield when(document)
    yield ""
    surplus = document["surplus"]
    judged = f"{cell(surplus, '+')}, p = {surplus['p']:.4f}: {_verdict(document)}"
    yield f"Surplus of votes for {document['arms'][1]}: {judged}."
    yield ""
    yield (
        "A page whose clicks are more on articles of one arm is a vote for this arm; articles that either arm would "
        "have put are no vote. The interval is over readers, and holds at all looks together with probability 95 %."
    )


def _counts(document: Mapping[str, Any]) -> list[int]:
    return [document["readers"], document["pages"], *document["votes"].values()]


def _verdict(document: Mapping[str, Any]) -> str:
    surplus, (first, second) = document["surplus"], document["arms"]
    if surplus["low"] is None:
        return f"too few yet, {LEAST_READERS} readers with a vote and {LEAST_ACTS} votes are needed"
    if surplus["low"] > 0:
        return f"{second} is preferred"
    return f"{first} is preferred" if surplus["high"] < 0 else "not told apart yet"
