"""Measure the cross-encoder's speed beside sentence-transformers' CrossEncoder.predict with the same weights and pairs.

Each reader's candidates are scored in one call, as a request does. Every row works in a process of its own that stays
warm, and all of them take each round in turn, so that whatever else the machine does falls on all. Top tens and scores
are compared with those of the default row, which computes in float32. sentence-transformers is no part of Broadsheet:
install it in environments of its own and name their interpreters; a row runs in the first in which it loads, and is
left out, with the reason, if there is none. The machine must be quiet.

Example: python scripts/benchmark_reranking_speed.py newsroom --python st/bin/python --out results
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.options import say
from broadsheet.cli.script import check_rows, publish, run

WORKER = Path(__file__).parents[1] / "benchmarks" / "rows" / "reranking.py"


def measure(
    newsroom: Annotated[Path, typer.Argument(help="A newsroom with articles and the split's impressions.")],
    split: Annotated[str, typer.Option(help="Split whose readers are measured.")] = "valid",
    readers: Annotated[int, typer.Option(help="Readers measured.")] = 100,
    depth: Annotated[int, typer.Option(help="Candidates of each.")] = 100,
    rounds: Annotated[int, typer.Option(help="Rounds that the readers are split into.")] = 10,
    row: Annotated[list[str] | None, typer.Option(help="Rows measured, all if none is named.")] = None,
    python: Annotated[list[str] | None, typer.Option(help="Interpreters with sentence-transformers.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for JSON, Markdown and a plot.")] = None,
) -> None:
    """Print a table of scorers, and how long re-ranking takes as a whole."""
    from broadsheet.evaluation.speed.reranking import ROWS, RerankingTask, measure_reranking
    from broadsheet.evaluation.speed.reranking_report import report_reranking
    from broadsheet.newsroom import Newsroom
    from broadsheet.offline.workbenches import open_bench

    pythons, names = python or [sys.executable], row or list(ROWS)
    check_rows(names, ROWS, pythons)
    task = RerankingTask(split, readers, depth, rounds, pythons, WORKER)
    publish(out, lambda: report_reranking(measure_reranking(open_bench(Newsroom(newsroom), say), task, names, say)))


if __name__ == "__main__":
    run(measure)
