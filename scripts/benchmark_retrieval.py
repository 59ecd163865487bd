"""Measure candidate search on a split's impressions, over the whole catalogue and in the live pool.

Prints Markdown tables of Recall@k (|hits| / |relevant|) and nDCG@k for k = 10 to 1,000, MRR, coverage, Gini index and
novelty with 95 % intervals; with --out also writes them, JSON and plots.

Example: python scripts/benchmark_retrieval.py newsroom --split valid --towers frozen=seed-0 --towers frozen=seed-1
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

# One reader's products are so small that a second thread is waited for longer than it works; set before numpy loads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import typer

from broadsheet.cli.options import say
from broadsheet.cli.script import publish, run

if TYPE_CHECKING:
    from broadsheet.evaluation.report.files import Report


def benchmark(
    newsroom: Annotated[Path, typer.Argument(help="The newsroom's folder.")],
    split: Annotated[str, typer.Option(help="Split whose impressions are measured, such as valid.")],
    live: Annotated[bool, typer.Option("--live", help="Half of the readers lend their clicks of the split.")] = False,
    window: Annotated[float, typer.Option(help="Hours that an article is live.", min=0.01)] = 24.0,
    towers: Annotated[list[str] | None, typer.Option(help="LABEL=FOLDER; the seeds of a label are one row.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for JSON, Markdown and plots.")] = None,
) -> None:
    """Measure chance, popularity, BM25, the towers untrained and trained, each source alone, and their fusion."""
    from broadsheet.corpus.impressions import read_split
    from broadsheet.evaluation.retrieval.benchmark import measure_retrieval
    from broadsheet.evaluation.retrieval.report import describe_retrieval, report_retrieval
    from broadsheet.newsroom import Newsroom
    from broadsheet.offline.workbenches import open_bench, open_trained, read_folders

    folders, room = read_folders("--towers", towers or []), Newsroom(newsroom)

    def measure() -> Report:
        bench = open_bench(room, say, towers="untrained")
        measured = read_split(bench.data.newsroom, bench.data.catalogue, split)
        results = measure_retrieval(bench, open_trained(room, folders, say), measured, hours=window, lend=live)
        return report_retrieval(
            describe_retrieval(results, bench.data, bench.models, measured, hours=window, lend=live)
        )

    publish(out, measure)


if __name__ == "__main__":
    run(benchmark)
