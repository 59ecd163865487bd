"""Measure how experiments decide, on simulated readers: wrongly, rightly, and after how many of them.

Prints how often equal arms are told apart if they are looked at every hour, by the sequences of `broadsheet experiment`
and by the usual test; how soon true differences are found; the sessions that interleaving needs beside an A/B test; and
when the alarm of a broken split is raised. With --out also writes JSON, Markdown and a plot.

Example: python scripts/benchmark_experiments.py --out benchmarks/results
"""

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.options import say
from broadsheet.cli.script import publish, run


def benchmark(
    nulls: Annotated[int, typer.Option(help="Experiments without a difference.", min=1)] = 4000,
    powers: Annotated[
        int, typer.Option(help="Experiments with each difference, and with each broken split.", min=1)
    ] = 500,
    readers: Annotated[int, typer.Option(help="Readers of each experiment.", min=300)] = 2000,
    sessions: Annotated[int, typer.Option(help="Sessions for each pair of rankers.", min=1000)] = 300_000,
    out: Annotated[Path | None, typer.Option(help="Folder for JSON, Markdown and a plot.")] = None,
) -> None:
    """Simulate experiments, and print what their tests decide."""
    from broadsheet.evaluation.experiments.benchmark import measure_experiments

    publish(out, lambda: measure_experiments(nulls, readers, powers, sessions, say))


if __name__ == "__main__":
    run(benchmark)
