"""Measure what is lost and won if the cross-encoder reads fewer candidates of a reader.

Prints Markdown tables of AUC and nDCG@10 of a split's impressions at each depth, how like the first ten of readers'
pages are to those of the whole reading, and the processor time; with --out also writes them, JSON and plots.

Example: python scripts/benchmark_cascade.py newsroom --split valid --readers 500 --out benchmarks/results
"""

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.options import say
from broadsheet.cli.script import open_split, publish, run


def benchmark(
    newsroom: Annotated[Path, typer.Argument(help="The newsroom's folder.")],
    split: Annotated[str, typer.Option(help="Split whose impressions are measured, such as valid.")],
    readers: Annotated[int, typer.Option(min=1, help="Readers whose pages are compared, drawn by a seed.")] = 500,
    out: Annotated[Path | None, typer.Option(help="Folder for JSON, Markdown and plots.")] = None,
) -> None:
    """Read 10, 20, 30, 40, 50 and 100 candidates of each reader, and all, with the same scores."""
    from broadsheet.evaluation.pages.cascade_report import measure_cascade

    publish(out, lambda: measure_cascade(*open_split(newsroom, split), readers, say))


if __name__ == "__main__":
    run(benchmark)
