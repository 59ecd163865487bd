"""Measure recall against speed of indexes, on real article vectors and real readers' vectors.

Ours (the kind that `auto` chooses, and others named) beside hnswlib and usearch, with the same number of threads, the
same links and breadth of building, and the same queries. Every round goes through all of them, so that whatever else
the machine does falls on all; the figures are medians over the rounds. Larger sizes are the articles' own vectors,
widened by mixing and noise (evaluation/index/vectors.py). Ten millions take 16 GB of disk and an hour of two cores:
`--size 10000000 --memory-mib 4000 --engine none`, so that auto takes no graph. hnswlib and usearch are no part of
Broadsheet:

    pip install hnswlib==0.8.0 usearch==2.26.6      # the first is built here, and needs a C++ compiler

Indexes are kept in the folder --work: a second run measures them again without building. `--engine none` builds and
measures ours alone. Example: python scripts/benchmark_index.py newsroom --work indexes --out results
"""

import os
from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.options import say
from broadsheet.cli.script import publish, run


def measure(
    newsroom: Annotated[Path, typer.Argument(help="A newsroom with readers.")],
    work: Annotated[Path, typer.Option(help="Folder for vectors and indexes, kept.")],
    size: Annotated[list[int] | None, typer.Option(help="Numbers of vectors; 0 is the articles' own.")] = None,
    kind: Annotated[list[str] | None, typer.Option(help="Other kinds of ours to measure beside auto's choice.")] = None,
    engine: Annotated[list[str] | None, typer.Option(help="Others: hnswlib, usearch f16, usearch i8; or none.")] = None,
    recall: Annotated[float, typer.Option(help="The recall@100 asked of auto.")] = 0.98,
    memory_mib: Annotated[int, typer.Option(help="Most memory that auto's choice may take; 0 is what fits.")] = 0,
    rounds: Annotated[int, typer.Option(help="Rounds of timing.")] = 5,
    threads: Annotated[int, typer.Option(help="Threads of each.")] = os.cpu_count() or 1,
    build_only: Annotated[bool, typer.Option(help="Build, and measure nothing.")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for JSON, Markdown and a plot.")] = None,
) -> None:
    """Print a table for each size."""
    from broadsheet.evaluation.index.benchmark import OTHERS, SIZES, IndexTask, measure_index
    from broadsheet.evaluation.index.report import join_sizes, report_index
    from broadsheet.index_build import Goal
    from broadsheet.newsroom import Newsroom

    others = [] if engine == ["none"] else engine or list(OTHERS)
    goal = Goal("auto", recall, memory_mib)
    task = IndexTask(work, size or SIZES, [*(kind or []), *others], goal, rounds, threads, measured=not build_only)
    kept = None if build_only else out
    publish(kept, lambda: report_index(join_sizes(measure_index(Newsroom(newsroom), task, say), kept)))


if __name__ == "__main__":
    run(measure)
