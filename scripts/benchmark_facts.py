"""Measure the fact gate: which errors planted in true summaries it refuses, and which true summaries it refuses too.

Prints Markdown tables by kind of error, with 95 % intervals; with --out also writes them, JSON and plots. No model is
needed.

Example: python scripts/benchmark_facts.py demo/newsroom mind/newsroom --out benchmarks/results
"""

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.options import say
from broadsheet.cli.script import publish, run


def benchmark(
    newsrooms: Annotated[list[Path], typer.Argument(help="Folders of newsrooms with articles; each by its name.")],
    out: Annotated[Path | None, typer.Option(help="Folder for JSON, Markdown and plots.")] = None,
) -> None:
    """Plant errors in the half of the articles that the gate was not developed on, and check the summaries."""
    from broadsheet.evaluation.facts.report import measure_newsrooms

    publish(out, lambda: measure_newsrooms(newsrooms, say))


if __name__ == "__main__":
    run(benchmark)
