"""The report of ranking in real time: a table for each delay, differences, and AUC over the delay."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from broadsheet.corpus.impressions import Split
from broadsheet.evaluation.live_ranking import benchmark, recall
from broadsheet.evaluation.live_ranking.benchmark import LiveFindings
from broadsheet.evaluation.live_ranking.delays import NOTES
from broadsheet.evaluation.ranking.fusion import FUSION
from broadsheet.evaluation.report.document import SAMPLES, common, differences_of, ranking_models
from broadsheet.evaluation.report.files import Report
from broadsheet.evaluation.report.lines import about, notes, table_of_differences, table_of_means
from broadsheet.evaluation.report.plots import plot_slices
from broadsheet.metrics.intervals import Bootstrap
from broadsheet.offline.counters import CO_CLICK_SECONDS, COUNTERS
from broadsheet.offline.replay import SEEDS
from broadsheet.workbench.workbench import Workbench

SHOWN = ("auc", "mrr", "ndcg@5", "ndcg@10")
"""The metrics of the tables; the document has all of EB-NeRD's."""
REMARKS = (
    "What the reader did counts at once, also earlier in the same visit: clicks strictly before the impression are its "
    "history.",
    f"What others did, {', '.join(COUNTERS)}, counts up to the impression's time less the delay; `co_click` as of the "
    f"last {CO_CLICK_SECONDS / 60:g} full minutes before that.",
    "What the reader was shown earlier, and passed over, counts at once at each delay, content-only too: it is the "
    "reader's own doing.",
    "A click bears the time of its list, some seconds before the article was opened.",
)
APPEARANCES = (
    "The corpus has no publication times: an article's time is that of its first appearance in any list or history. It "
    "is known as late as a click is: with counters an hour old, an article that first appeared half an hour ago has no "
    "age, and content-only no article that first appeared in the measured days has an age."
)


def describe_live(findings: LiveFindings, bench: Workbench, split: Split, rankers: Mapping[str, str]) -> dict[str, Any]:
    """Return the document; `rankers` says what each ranker beside ours is."""
    users = [one.user_id for one in findings.impressions]
    bootstrap = Bootstrap(users, np.random.default_rng(0), SAMPLES)
    models = {**ranking_models(bench.models), "towers": list(findings.towers)}
    rows = findings.rows
    own = {f"{one['label']} towers": "inner product of these towers alone" for one in findings.towers}
    return {
        **common("live ranking", bench.data, bench.models, split, users, setting="live", **models),
        "seeds": list(SEEDS),
        "notes": {**benchmark.NOTES, **own, **rankers},
        "delays": NOTES,
        "learned": findings.learned,
        "rows": {
            delay: {row: bootstrap.intervals(values) for row, values in of_delay.items()}
            for delay, of_delay in rows.items()
        },
        "differences": {
            delay: differences_of(bootstrap, of_delay, [(FUSION, row) for row in of_delay if row != FUSION], SHOWN)
            for delay, of_delay in rows.items()
        },
        "recall": _recall(findings),
        "remarks": [*REMARKS, *([APPEARANCES] if findings.appearances else [])],
    }


def _recall(findings: LiveFindings) -> dict[str, Any]:
    """Return the intervals of recall at each delay, and what was measured."""
    bootstrap = Bootstrap([one.user_id for one in findings.asked], np.random.default_rng(0), SAMPLES)
    return {
        "impressions": len(findings.asked),
        "pool_hours": recall.POOL_HOURS,
        "notes": recall.NOTES,
        "delays": {
            delay: {row: bootstrap.intervals(values) for row, values in rows.items()}
            for delay, rows in findings.recall.items()
        },
    }


def report_live(document: Mapping[str, Any]) -> Report:
    """Return the document with its tables, what was measured, and the plot of AUC over the delay."""
    lines = []
    for delay, rows in document["rows"].items():
        lines += [f"## Counters {delay}", "", f"Counted: {document['delays'][delay]}.", ""]
        lines += [*table_of_means("ranking", rows, SHOWN), ""]
        lines += [*table_of_differences(document["differences"][delay]), ""]
    found = document["recall"]
    for delay, rows in found["delays"].items():
        lines += [f"## Recall in the live pool, counters {delay}", ""]
        lines += [*table_of_means("source", rows, list(next(iter(rows.values())))), ""]
    lines += [
        f"Recall@k: the share of the clicks on unread articles among the first k of the pool, of "
        f"{found['impressions']:,} impressions drawn by chance. The pool is what was published, or first appeared, in "
        f"the {found['pool_hours']:g} hours before; {recall.REACHABLE} is the share of the clicks that is in it.",
        "",
        *notes(found["notes"]),
        "",
    ]
    lines += ["## What was measured", "", *about(document), "", *notes(document["notes"])]
    split = document["data"]["split"]
    metrics = {"auc": "AUC", "ndcg@10": "nDCG@10"}

    def draw(path: Path) -> None:
        panels = {
            label: {
                row: {delay: document["rows"][delay][row][metric] for delay in document["rows"]}
                for row in next(iter(document["rows"].values()))
            }
            for metric, label in metrics.items()
        }
        plot_slices(panels, f"Ranking on {split} by the age of the counters", path, FUSION)

    return Report(f"live-ranking-{split}", document, lines, {"": draw})
