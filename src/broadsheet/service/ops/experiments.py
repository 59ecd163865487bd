"""Experiments as the operator's page shows them: arms in rows, differences with their intervals, and alarms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from broadsheet.service.ops.charts import intervals
from broadsheet.service.ops.words import number


def experiment_view(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the page shows of the results of one experiment, by `results_of` or `votes_of`."""
    span = f"from {document['start'] or 'the first page'} until {document['end'] or 'further notice'}"
    shared = {"name": document["experiment"], "span": span}
    return shared | (_votes(document) if document["kind"] == "interleaving" else _split(document))


def _split(document: Mapping[str, Any]) -> dict[str, Any]:
    rows = [
        [arm, *(number(found[key]) for key in ("readers", "pages", "clicks", "hides")), _rate(found.get("click_rate"))]
        for arm, found in document["arms"].items()
    ]
    differences = document.get("differences", {})
    return {
        "kind": f"Each reader sees one arm; {document['control']} is the control.",
        "heads": ["arm", "readers", "pages", "clicks", "hides", "clicks a page"],
        "rows": rows,
        "chart": intervals([(arm, found["relative"]) for arm, found in differences.items()]),
        "chart_says": "Change of the clicks a page, as a share of the control's",
        "alarms": _alarms(document),
    }


def _votes(document: Mapping[str, Any]) -> dict[str, Any]:
    first, second = document["arms"]
    votes, surplus = document["votes"], document.get("surplus")
    return {
        "kind": "Each page has articles of both arms; clicks are votes.",
        "heads": ["readers", "pages", f"votes for {first}", f"votes for {second}", "ties"],
        "rows": [[number(value) for value in (document["readers"], document["pages"], *votes.values())]],
        "chart": intervals([(second, surplus)]) if surplus else None,
        "chart_says": f"Surplus of votes for {second}, as a share of all votes",
        "alarms": [],
    }


def _alarms(document: Mapping[str, Any]) -> list[str]:
    """Return what is surely wrong with an experiment, in sentences."""
    said = []
    if document.get("split", {}).get("alarm"):
        said.append("The arms do not have readers in the shares of the settings: its results mean nothing.")
    for arm, guards in document.get("guards", {}).items():
        said += [f"{arm}: {guard} are surely worse." for guard, found in guards.items() if found["alarm"]]
    if document["readers_in_two_arms"]:
        said.append(f"{document['readers_in_two_arms']:,} readers saw two arms, and are left out.")
    return said


def _rate(found: Mapping[str, float | None] | None) -> str:
    if not found or found["mean"] is None:
        return "not known yet"
    if found["low"] is None or found["high"] is None:
        return f"{found['mean']:.3f}"
    return f"{found['mean']:.3f} ({found['low']:.3f} to {found['high']:.3f})"
