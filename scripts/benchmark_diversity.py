"""Measure what diversity, calibration and caps cost, on a split's impressions ranked anew.

Sweeps the weights of diversity (MMR) and of calibration, and prints Markdown tables of nDCG against the distance within
the list and against calibration, with 95 % intervals; with --out also writes them, JSON and a plot.

Example: python scripts/benchmark_diversity.py newsroom --split valid --out benchmarks/results
"""

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.options import say
from broadsheet.cli.script import open_split, publish, run


def benchmark(
    newsroom: Annotated[Path, typer.Argument(help="The newsroom's folder.")],
    split: Annotated[str, typer.Option(help="Split whose impressions are ranked anew, such as valid.")],
    out: Annotated[Path | None, typer.Option(help="Folder for JSON, Markdown and a plot.")] = None,
) -> None:
    """Score what was shown once, by the pipeline, and order it by many policies."""
    from broadsheet.evaluation.pages.policies_report import measure_policies

    publish(out, lambda: measure_policies(*open_split(newsroom, split), say))


if __name__ == "__main__":
    run(benchmark)
