"""The report of a replay through the event store: live against last night, in all and by day."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from broadsheet.corpus.impressions import Split
from broadsheet.evaluation.live_ranking.report import SHOWN
from broadsheet.evaluation.live_ranking.through_store import LIVE, NIGHT, NOTES, Replayed
from broadsheet.evaluation.report.document import SAMPLES, common, differences_of, ranking_models
from broadsheet.evaluation.report.files import Report
from broadsheet.evaluation.report.lines import about, notes, table_of_differences, table_of_means
from broadsheet.evaluation.report.plots import plot_slices
from broadsheet.metrics.ebnerd import ebnerd_ranking
from broadsheet.metrics.intervals import Bootstrap
from broadsheet.metrics.ranking import Impressions
from broadsheet.offline.replay import Values, mean_of
from broadsheet.workbench.workbench import Workbench

REMARKS = [
    "Each list is logged as a page with its clicks a second later, as a site would log them; every midnight (UTC) an "
    "edition is built from what was logged, and gets the articles of the next day.",
    "Readers are known by their earlier clicks alone, also those of the same visit; scores are the pipeline's, by the "
    "newsroom's weights.",
]


def describe_replay(found: Replayed, bench: Workbench, split: Split) -> dict[str, Any]:
    """Return the document."""
    clicked = np.array([hit for one in found.impressions for hit in one.clicked], np.bool_)
    offsets = np.cumsum([0, *(len(one.shown) for one in found.impressions)])
    rows: dict[str, Values] = {
        row: mean_of([ebnerd_ranking(Impressions(scores, clicked, offsets)) for scores in several])
        for row, several in found.scores.items()
    }
    users = [one.user_id for one in found.impressions]
    bootstrap = Bootstrap(users, np.random.default_rng(0), SAMPLES)
    days = np.array([f"{one.time:%Y-%m-%d}" for one in found.impressions])
    by_day, models = {}, ranking_models(bench.models)
    for day in np.unique(days).tolist():
        places = np.flatnonzero(days == day)
        of_day = Bootstrap([users[place] for place in places.tolist()], np.random.default_rng(0), SAMPLES)
        by_day[day] = {
            row: of_day.intervals({name: one[places] for name, one in values.items()}) for row, values in rows.items()
        }
    return {
        **common("event replay", bench.data, bench.models, split, users, setting="live", **models),
        "notes": NOTES,
        "rows": {row: bootstrap.intervals(values) for row, values in rows.items()},
        "differences": differences_of(bootstrap, rows, [(LIVE, NIGHT)], SHOWN),
        "days": by_day,
        "remarks": REMARKS,
        "events": {"taken": found.taken, "refused": found.refused, "carried": found.days},
    }


def report_replay(document: Mapping[str, Any]) -> Report:
    """Return the document with its tables, and the plot of AUC by day."""
    events, split = document["events"], document["data"]["split"]
    taken = ", ".join(f"{count:,} of kind {kind}" for kind, count in events["taken"].items())
    refused = ", ".join(f"{count:,} {reason}" for reason, count in events["refused"].items()) or "none"
    lines = [
        *table_of_means("ranking", document["rows"], SHOWN),
        "",
        *table_of_differences(document["differences"]),
        "",
        f"Events: {taken}; refused: {refused}.",
        "",
        *[f"- {day}: before this day, {carried or 'no event came'}" for day, carried in events["carried"].items()],
        "",
        *about(document),
        "",
        *notes(document["notes"]),
    ]

    def draw(path: Path) -> None:
        days = document["days"]
        panels = {
            "AUC": {row: {day[5:]: days[day][row]["auc"] for day in days} for row in (LIVE, NIGHT)},
        }
        plot_slices(panels, f"Lists of {split} by day, ranked live and by last night", path, LIVE)

    return Report(f"event-replay-{split}", document, lines, {"": draw})
