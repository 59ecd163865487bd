"""Measure what a night costs: the first build, one with 1 % of the articles changed, and one with nothing changed.

Makes a newsroom of the size asked for from the articles of another, each build in a process of its own, as at night.
Articles are repeated under other ids, the n-th repeat without its first n words; half of the changed articles are new
and half have another text. Texts for readers are not written (the publisher's own words stand), since they depend on
the readers and not on the articles. Prints a table; with --out writes JSON and Markdown.

Example: python scripts/benchmark_nightly.py newsroom --size 100000 --out benchmarks/results
"""

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.script import publish, run


def measure(
    newsroom: Annotated[Path, typer.Argument(help="A newsroom with articles and readers; it stays as it is.")],
    size: Annotated[int, typer.Option(help="Articles of the newsroom that is made.")] = 100_000,
    readers: Annotated[int, typer.Option(help="Readers that each edition is built for.")] = 50,
    work: Annotated[Path | None, typer.Option(help="Empty folder to work in, else a temporary one.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for JSON and Markdown.")] = None,
) -> None:
    """Print seconds by stage."""
    from broadsheet.evaluation.systems.nights import measure_nights, report_nights

    publish(out, lambda: report_nights(measure_nights(newsroom, size=size, readers=readers, work=work)), draws=False)


if __name__ == "__main__":
    run(measure)
