"""Measure how long a page takes, stage by stage, for readers one at a time.

The texts of the edition's own readers are taken over, so that generation is apart: `generate` is then a look-up.
Prints p50 and p95 of each stage; with --out writes JSON, Markdown and a plot.

Example: python scripts/benchmark_pipeline.py newsroom --readers 50 --out results
"""

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.script import publish, run


def measure(
    newsroom: Annotated[Path, typer.Argument(help="The newsroom's folder, with an edition built for its readers.")],
    readers: Annotated[int, typer.Option(help="Readers measured, the first of the edition.")] = 50,
    out: Annotated[Path | None, typer.Option(help="Folder for JSON, Markdown and a plot.")] = None,
) -> None:
    """Print the milliseconds of each stage."""
    from broadsheet.evaluation.speed.pages import measure_pages

    publish(out, lambda: measure_pages(newsroom, readers))


if __name__ == "__main__":
    run(measure)
