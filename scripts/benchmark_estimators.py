"""Measure bias, error and coverage of the off-policy estimators on simulated logs whose true value is known.

Prints a table for each kind of log; with --out writes JSON, Markdown and plots by log size. 1,000 logs of three sizes
take some half an hour of one core.

Example: python scripts/benchmark_estimators.py --out benchmarks/results
"""

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.options import say
from broadsheet.cli.script import publish, run


def measure(
    logs: Annotated[int, typer.Option(min=2, help="Simulated logs of each size.")] = 1000,
    size: Annotated[list[int] | None, typer.Option(min=100, help="Rounds of a log; can be repeated.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for JSON, Markdown and plots.")] = None,
) -> None:
    """Print the table of estimators."""
    from broadsheet.evaluation.off_policy.coverage import measure_coverage
    from broadsheet.evaluation.off_policy.coverage_report import report_coverage

    sizes = [5 * (one // 5) for one in size or (500, 2000, 10_000)]
    publish(out, lambda: report_coverage(measure_coverage(logs, sizes, say)))


if __name__ == "__main__":
    run(measure)
