"""The report of learning on day by day: document, tables and plot."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from broadsheet.corpus.impressions import Split
from broadsheet.evaluation.learning_on.measure import ANEW, BOTH, KEPT, ON, DailyLearning
from broadsheet.evaluation.report.document import SAMPLES, common, with_holm
from broadsheet.evaluation.report.files import Report
from broadsheet.evaluation.report.lines import cell, notes, origin, table_of_differences
from broadsheet.evaluation.report.plots import plot_slices
from broadsheet.markdown import table
from broadsheet.metrics.intervals import Bootstrap
from broadsheet.offline.replay import Values

METRICS = ("auc", "ndcg@10")
NOTES = {
    ON: "the models of the evening before learn on from the day's clicks, and take their place only if the hold-out "
    "allows it",
    ANEW: "user tower and attentive scorer trained from the start on all days before",
    KEPT: "the models trained before the first measured day, which never learn again",
}


def describe_days(found: DailyLearning, share: float) -> dict[str, Any]:
    """Return a document that JSON can hold: rows with intervals over all days and by day, differences and minutes."""
    users, days = [one.user_id for one in found.impressions], np.array(found.days)
    bootstrap = Bootstrap(users, np.random.default_rng(0), SAMPLES)
    values = {row: {part: _joined(several) for part, several in parts.items()} for row, parts in found.values.items()}
    differences = [
        {"of": f"{ON}: {part}", "minus": other, "metric": name}
        | bootstrap.difference(values[ON][part][name], values[other][part][name])._asdict()
        for part in values[ON]
        for other in (ANEW, KEPT)
        for name in METRICS
    ]
    by_day: dict[str, dict[str, Any]] = {row: {} for row in values}
    for day in dict.fromkeys(found.days):
        there = days == day
        draws = Bootstrap(np.array(users)[there], np.random.default_rng(0), SAMPLES)
        for row, parts in values.items():
            by_day[row][f"day {day + 1}"] = draws.intervals({name: parts[BOTH][name][there] for name in METRICS})
    split = Split("all days", found.impressions, {})
    return {
        **common("learning-on", found.bench.data, found.bench.models, split, users, setting="live"),
        "share": share,
        "notes": NOTES,
        "rows": {
            row: {part: bootstrap.intervals({name: one[name] for name in METRICS}) for part, one in parts.items()}
            for row, parts in values.items()
        },
        "by_day": by_day,
        "differences": with_holm(differences),
        "minutes": {
            row: {
                f"day {day + 1}": {"clock": round(clock / 60, 2), "processor": round(processor / 60, 2)}
                for day, (clock, processor) in taken.items()
            }
            for row, taken in found.seconds.items()
        },
        "decisions": {f"day {day + 1}": decision["why"] for day, decision in found.decisions.items()},
        "remarks": [f"Day {min(found.decisions) + 1} is not measured: on it, all rows have the same models."],
    }


def _joined(several: list[Values]) -> Values:
    return {name: np.concatenate([one[name] for one in several]) for name in several[0]}


def report_days(document: Mapping[str, Any]) -> Report:
    """Return the document with its tables and a plot by day."""
    lines = ["# Learning on day by day, against training anew each day", ""]
    for part in document["rows"][ON]:
        body = ([row, *(cell(found[part][name]) for name in METRICS)] for row, found in document["rows"].items())
        lines += [*table([part, *METRICS], body), ""]
    lines += [*table_of_differences(document["differences"]), ""]
    days = list(document["by_day"][ON])
    for name in METRICS:
        body = ([row, *(cell(found[day][name]) for day in days)] for row, found in document["by_day"].items())
        lines += [*table([f"{name}, {BOTH}", *days], body), ""]
    minutes = (
        [f"{row}, {clock}", *(f"{taken[day][clock]:.2f}" if day in taken else "" for day in days)]
        for row, taken in document["minutes"].items()
        for clock in ("clock", "processor")
    )
    lines += [*table(["minutes", *days], minutes), "", "## What learning on decided", ""]
    lines += [f"- {day}: {why}" for day, why in document["decisions"].items()]
    lines += [
        "",
        "## What was measured",
        "",
        _measured(document),
        *document["remarks"],
        "",
        *notes(document["notes"]),
        "",
        origin(document),
    ]
    return Report("learning-on", document, lines, {"": partial(_draw, document)})


def _measured(document: Mapping[str, Any]) -> str:
    data = document["data"]
    return (
        f"{data['impressions_measured']:,} impressions of {data['users']:,} readers, a share {document['share']:g} of "
        f"all readers; {data['articles']:,} articles. Intervals: {document['intervals']}."
    )


def _draw(document: Mapping[str, Any], path: Path) -> None:
    panels = {
        name: {row: {day: one[name] for day, one in found.items()} for row, found in document["by_day"].items()}
        for name in METRICS
    }
    plot_slices(panels, "The next day, ranked by user tower and attentive scorer", path, ON)
