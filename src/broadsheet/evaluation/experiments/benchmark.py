"""The benchmark of experiments: wrong and right decisions, interleaving beside an A/B test, the alarm of a split."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from broadsheet.evaluation.experiments import interleaving, simulated
from broadsheet.evaluation.experiments.interleaving import measure_interleaving
from broadsheet.evaluation.experiments.null_experiments import (
    CUPED,
    EXACT,
    ONCE,
    ONE_SIDE,
    PAGES,
    PEEKED,
    SEQUENCE,
    measure_nulls,
    measure_power,
)
from broadsheet.evaluation.experiments.splits import measure_splits
from broadsheet.evaluation.report.bands import plot_bands
from broadsheet.evaluation.report.document import stamp
from broadsheet.evaluation.report.files import Report
from broadsheet.evaluation.report.lines import notes, origin
from broadsheet.experiments.statistics.sample_ratio import ALARM
from broadsheet.markdown import table
from broadsheet.progress import Say

NOTES = {
    PEEKED: "the usual test with errors over readers, looked at every hour, decided at the first time below 5 %",
    ONCE: "the same test, looked at once, as it is meant; errors over readers",
    PAGES: "the same with each page as an observation of its own, which is wrong: readers come again",
    SEQUENCE: "`broadsheet experiment`: the normal mixture over readers, looked at every hour",
    CUPED: "the same without what each reader clicked before the experiment, looked at every day",
    EXACT: "empirical Bernstein sequences of each arm's first pages, which need no large sample",
    ONE_SIDE: "the sequence of the guard-rails, looked at every hour",
}


def measure_experiments(nulls: int, readers: int, powers: int, sessions: int, say: Say) -> Report:
    """Simulate `nulls` experiments without a difference and `powers` with each lift, of `readers` readers each.

    `sessions` are simulated for each gap between two rankers that are interleaved.
    """
    return report_experiments(
        {
            "benchmark": "experiments",
            **stamp(),
            "simulated": {"experiments": nulls, "with_a_lift": powers, "readers": readers, "sessions": sessions},
            "nulls": measure_nulls(nulls, readers, say),
            "power": measure_power(powers, readers, say),
            "interleaving": measure_interleaving(sessions, say),
            "splits": measure_splits(powers),
        }
    )


def report_experiments(document: Mapping[str, Any]) -> Report:
    """Return the document with its tables and a plot of the false decisions by day."""
    nulls = document["nulls"]
    rows = {
        test: [{"mean": share, "low": None, "high": None} for share in nulls[test]["by_day"]]
        for test in (PEEKED, ONE_SIDE, CUPED, SEQUENCE)
    }
    rows["5 %"] = [{"mean": 0.05, "low": None, "high": None}] * simulated.DAYS
    draw = partial(
        plot_bands,
        dict(reversed(rows.items())),
        range(1, simulated.DAYS + 1),
        "Experiments without a difference in which a difference was declared",
        x="day until which the experiment was looked at",
        y="share of experiments",
    )
    return Report("experiments", document, _lines(document), {"": draw})


def _lines(document: Mapping[str, Any]) -> list[str]:
    sizes = document["simulated"]
    return [
        f"{sizes['experiments']:,} experiments without a difference, {sizes['readers']:,} readers each, "
        f"{simulated.DAYS} days: how many declare a difference at any look.",
        "",
        *table(
            ["test", "wrong decisions [95 % interval]"],
            ([test, _share(row)] for test, row in document["nulls"].items()),
        ),
        "",
        f"{sizes['with_a_lift']:,} experiments for each lift of the clicks a page: how many declare it within "
        f"{simulated.DAYS} days, and after how many days the median experiment does.",
        "",
        *_power(document["power"]),
        "",
        "Two rankers: median sessions until a decision, of sequential tests in both ways.",
        "",
        *_sessions(document["interleaving"]),
        "",
        f"The alarm of a broken split (p below {ALARM}), if an arm loses some of its readers; up to 200,000 readers.",
        "",
        *table(
            ["readers lost", "alarms [95 % interval]", "readers until the median alarm"],
            ([loss, _share(row), _count(row["median_readers"])] for loss, row in document["splits"].items()),
        ),
        "",
        f"Simulated readers. {simulated.ASSUMED}",
        "",
        f"Simulated sessions. {interleaving.ASSUMED}",
        "",
        *notes(NOTES),
        "",
        origin(document),
    ]


def _power(power: Mapping[str, Any]) -> list[str]:
    tests = list(next(iter(power.values())))
    rows = (
        [test, *(f"{row[test]['mean']:.0%}; {_days(row[test]['median_days'])}" for row in power.values())]
        for test in tests
    )
    return table(["test", *(f"lift of {lift}" for lift in power)], rows)


def _days(days: float | None) -> str:
    return "not in half of them" if days is None else f"{days:.1f} days"


def _sessions(found: Mapping[str, Any]) -> list[str]:
    head = ["gap", "clicks a page, worse and better", "votes for the better", "A/B test", "interleaving", "share"]
    rows = (
        [
            gap,
            f"{row['clicks_worse']:.4f}, {row['clicks_better']:.4f}",
            f"{row['votes_for_better']:.1%}",
            *(_count(row["sessions"][way]) for way in ("a/b", "interleaving")),
            "" if row["share"] is None else f"{row['share']:.3f}",
        ]
        for gap, row in found.items()
    )
    return table(head, rows)


def _share(row: Mapping[str, float]) -> str:
    return f"{row['mean']:.2%} [{row['low']:.2%}, {row['high']:.2%}]"


def _count(number: float | None) -> str:
    return "" if number is None else f"{number:,.0f}"
