"""Measure what towers and the attentive scorer reach with 1/8, 1/4, 1/2 and all of the clicks: what more would bring.

Trains with three seeds on each share of --train; --tune chooses the epochs; --valid is measured, content-only. Prints
Markdown tables with 95 % intervals and paired differences; with --out also writes them, JSON and plots.

Example: python scripts/benchmark_learning_curve.py newsroom --train train --tune tune --valid valid --work work
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from broadsheet.cli.options import say
from broadsheet.cli.script import make_out, publish, run

if TYPE_CHECKING:
    from broadsheet.evaluation.report.files import Report


def benchmark(
    newsroom: Annotated[Path, typer.Argument(help="The newsroom's folder.")],
    train: Annotated[str, typer.Option(help="Split whose shares are learned from.")],
    tune: Annotated[str, typer.Option(help="Split that chooses the epochs.")],
    valid: Annotated[str, typer.Option(help="Split whose impressions are measured.")],
    work: Annotated[Path, typer.Option(help="Folder for the trained models, which are used again.")],
    out: Annotated[Path | None, typer.Option(help="Folder for JSON, Markdown and plots.")] = None,
) -> None:
    """Measure untrained towers, trained towers, the attentive scorer, and towers and scorer together."""
    from broadsheet.evaluation.learning_curve.measure import measure_curve
    from broadsheet.evaluation.learning_curve.report import describe_curve, report_curve
    from broadsheet.newsroom import Newsroom

    make_out(work, "--work")

    def measure() -> "Report":
        curve = measure_curve(Newsroom(newsroom), train, tune, valid, work, say)
        return report_curve(describe_curve(curve, train))

    publish(out, measure)


if __name__ == "__main__":
    run(benchmark)
