"""Measure learning on day by day against training anew each day, and against models that never learn again.

Models are trained before day --first. On each later day, the models of the evening before rank what the day's
impressions showed, with the counts as of each impression. Prints Markdown tables with 95 % intervals, paired
differences and minutes; with --out also writes them, JSON and a plot.

Example: python scripts/benchmark_learning_on.py newsroom --work work --first 5 --out benchmarks/results
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from broadsheet.cli.options import say
from broadsheet.cli.script import make_out, publish, run

if TYPE_CHECKING:
    from broadsheet.evaluation.report.files import Report


def benchmark(
    newsroom: Annotated[Path, typer.Argument(help="The newsroom's folder; impressions of all its splits are used.")],
    work: Annotated[Path, typer.Option(help="Folder for copies of the newsroom; they are made anew.")],
    first: Annotated[
        int,
        typer.Option(
            min=1,
            help="Day before which models are trained first; later days are measured.",
        ),
    ] = 5,
    share: Annotated[float, typer.Option(min=0.0, max=1.0, help="Part of the readers, drawn by their ids.")] = 1.0,
    out: Annotated[Path | None, typer.Option(help="Folder for JSON, Markdown and the plot.")] = None,
) -> None:
    """Measure each day's ranking by the models that learned on, were trained anew, or were kept."""
    from broadsheet.evaluation.learning_on.measure import measure_days
    from broadsheet.evaluation.learning_on.report import describe_days, report_days
    from broadsheet.newsroom import Newsroom

    make_out(work, "--work")

    def measure() -> "Report":
        return report_days(describe_days(measure_days(Newsroom(newsroom), first, share, work, say), share))

    publish(out, measure)


if __name__ == "__main__":
    run(benchmark)
