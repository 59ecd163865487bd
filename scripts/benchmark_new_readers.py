"""Measure how long the page of an unknown reader takes, at 10, 60 and 1,000 stories.

Prints p50 and p99 of each length; with --out writes JSON and Markdown.

Example: python scripts/benchmark_new_readers.py demo/newsroom --out benchmarks/results
"""

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.script import publish, run


def measure(
    newsroom: Annotated[Path, typer.Argument(help="The newsroom's folder, with an edition.")],
    pages: Annotated[int, typer.Option(min=1, help="Pages of each length.")] = 100,
    out: Annotated[Path | None, typer.Option(help="Folder for JSON and Markdown.")] = None,
) -> None:
    """Print the milliseconds of a page."""
    from broadsheet.evaluation.speed.new_readers import measure_new_readers

    publish(out, lambda: measure_new_readers(newsroom, pages))


if __name__ == "__main__":
    run(measure)
