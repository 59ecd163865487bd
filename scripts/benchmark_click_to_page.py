"""Measure how long a click or a hide, logged in one process, takes to change the pages of another process.

The newsroom gets the events: give it a copy. The machine must be quiet. Prints a Markdown table; with --out also writes
it, JSON and a plot.

Example: python scripts/benchmark_click_to_page.py copy_of_newsroom --out benchmarks/results
"""

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.options import say
from broadsheet.cli.script import publish, run


def benchmark(
    newsroom: Annotated[Path, typer.Argument(help="The folder of a newsroom that may be changed.")],
    rounds: Annotated[int, typer.Option(min=1, help="Clicks, and hides, that are measured.")] = 300,
    out: Annotated[Path | None, typer.Option(help="Folder for click-to-page.json, .md and .png.")] = None,
) -> None:
    """Print milliseconds from a click to a page that it changed, and from a hide to the next page."""
    from broadsheet.evaluation.systems.click_to_page import measure_click_to_page, report_click_to_page

    publish(out, lambda: report_click_to_page(measure_click_to_page(newsroom, rounds, say)))


if __name__ == "__main__":
    run(benchmark)
