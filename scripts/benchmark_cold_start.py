"""Measure a reader of whom little is known against the same reader's full history.

Prints Markdown tables of AUC and nDCG@10 of what impressions showed, and of how much of what is retrieved for the full
history is retrieved with half of it, with a profile made from that half, with both and with nothing, with intervals and
paired differences; with --out also writes them, JSON and a plot.

Example: python scripts/benchmark_cold_start.py newsroom --split valid --out benchmarks/results
"""

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.script import open_split, publish, run


def benchmark(
    newsroom: Annotated[Path, typer.Argument(help="The newsroom's folder.")],
    split: Annotated[str, typer.Option(help="Split whose impressions are measured, such as valid.")],
    out: Annotated[Path | None, typer.Option(help="Folder for JSON, Markdown and a plot.")] = None,
) -> None:
    """Measure full history, half of it, half and profile, profile alone, and nothing."""
    from broadsheet.evaluation.pages.cold_start_report import measure_cold_start

    publish(out, lambda: measure_cold_start(*open_split(newsroom, split)))


if __name__ == "__main__":
    run(benchmark)
