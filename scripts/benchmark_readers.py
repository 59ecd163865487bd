"""Measure how many readers a second go from their history to a ranked page of 20 stories with reasons.

In blocks as a night ranks them, at several numbers of readers, with the peak memory; and one by one as requests do,
with p50 and p99. With and without the cross-encoder. The readers have the histories of the impressions of a split. If
there are more readers than impressions, histories are drawn again. The machine must be quiet.

Example: python scripts/benchmark_readers.py newsroom --split valid --out benchmarks/results
"""

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.options import say
from broadsheet.cli.script import publish, run


def benchmark(
    newsroom: Annotated[Path, typer.Argument(help="A newsroom with an edition and the split's impressions.")],
    split: Annotated[str, typer.Option(help="Split whose histories the readers have.")] = "valid",
    count: Annotated[list[int] | None, typer.Option(min=1, help="Readers; 1,000, 10,000 and 100,000 if none.")] = None,
    read: Annotated[list[int] | None, typer.Option(min=1, help="Read by the cross-encoder; 1,000 if none.")] = None,
    alone: Annotated[int, typer.Option(min=1, help="Readers who are ranked one by one.")] = 200,
    out: Annotated[Path | None, typer.Option(help="Folder for JSON, Markdown and a plot.")] = None,
) -> None:
    """Print a table of speeds, and what a million readers would take."""
    from broadsheet.evaluation.speed.readers import ReadersTask, measure_readers
    from broadsheet.evaluation.speed.readers_report import report_readers
    from broadsheet.newsroom import Newsroom

    task = ReadersTask(split, count or [1_000, 10_000, 100_000], read or [1_000], alone)
    publish(out, lambda: report_readers(measure_readers(Newsroom(newsroom), task, say)))


if __name__ == "__main__":
    run(benchmark)
