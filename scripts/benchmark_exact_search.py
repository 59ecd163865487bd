"""Measure what exact search costs beside approximate indexes, on real article vectors and real readers' vectors.

It shows where `auto` should stop to search exactly by rule (`EXACT_UP_TO` in index_build/choice.py). More vectors than
there are articles are the articles' own, widened as by scripts/benchmark_index.py, which keeps them in the same folder
--work. Example: python scripts/benchmark_exact_search.py newsroom --work indexes --out benchmarks/results
"""

import os
from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.options import say
from broadsheet.cli.script import publish, run


def measure(
    newsroom: Annotated[Path, typer.Argument(help="A newsroom with readers.")],
    work: Annotated[Path, typer.Option(help="Folder for the vectors, kept.")],
    size: Annotated[list[int] | None, typer.Option(help="Numbers of vectors.")] = None,
    recall: Annotated[float, typer.Option(help="The recall@100 that approximate kinds are tuned to.")] = 0.98,
    rounds: Annotated[int, typer.Option(help="Rounds of timing.")] = 5,
    threads: Annotated[int, typer.Option(help="Threads.")] = os.cpu_count() or 1,
    out: Annotated[Path | None, typer.Option(help="Folder for JSON and Markdown.")] = None,
) -> None:
    """Print a row for each size and kind."""
    from broadsheet.evaluation.index.benchmark import read_vectors
    from broadsheet.evaluation.index.exact_search import SIZES, measure_exact_search, report_exact_search
    from broadsheet.newsroom import Newsroom

    work.mkdir(parents=True, exist_ok=True)
    vectors, queries = read_vectors(Newsroom(newsroom), work)
    given = {"recall": recall, "rounds": rounds, "threads": threads, "say": say}
    publish(
        out,
        lambda: report_exact_search(measure_exact_search(vectors, queries, size or SIZES, **given)),
        draws=False,
    )


if __name__ == "__main__":
    run(measure)
