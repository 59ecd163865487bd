"""Measure whether the history article that a reason names matters, by deleting it and scoring the item again.

Prints Markdown tables of how far the score falls without the article named, beside another one of the history, with
95 % intervals and by length of the history; with --out also writes them, JSON and a plot.

Example: python scripts/benchmark_reasons.py newsroom --split valid --readers 300 --out benchmarks/results
"""

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.options import say
from broadsheet.cli.script import open_split, publish, run


def benchmark(
    newsroom: Annotated[Path, typer.Argument(help="The newsroom's folder.")],
    split: Annotated[str, typer.Option(help="Split whose readers are measured, such as valid.")],
    readers: Annotated[int, typer.Option(min=2, help="Readers, drawn by a seed.")] = 300,
    out: Annotated[Path | None, typer.Option(help="Folder for JSON, Markdown and a plot.")] = None,
) -> None:
    """Delete each article of a history in turn; by the weights, and by the newsroom's learned fusion if it has one."""
    from broadsheet.evaluation.pages.reasons_report import measure_reasons

    publish(out, lambda: measure_reasons(*open_split(newsroom, split), readers, say))


if __name__ == "__main__":
    run(benchmark)
