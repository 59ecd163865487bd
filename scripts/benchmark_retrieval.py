"""Measure candidate search on a split's impressions, over the whole catalogue and in the live pool.

Prints Markdown tables of Recall@k (|hits| / |relevant|) and nDCG@k for k = 10 to 1,000, MRR, coverage, Gini index and
novelty with 95 % intervals; with --out also writes them, JSON and plots.

Example: python scripts/benchmark_retrieval.py newsroom --split valid --towers frozen=seed-0 --towers frozen=seed-1
"""

import os
import sys
from pathlib import Path
from typing import Annotated

# One reader's products are so small that a second thread is waited for longer than it works; set before numpy loads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import typer


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
    from broadsheet.evaluation.report.document import check_output
    from broadsheet.evaluation.retrieval.benchmark import measure_retrieval
    from broadsheet.evaluation.retrieval.report import describe_retrieval, retrieval_markdown, write_retrieval
    from broadsheet.newsroom import Newsroom
    from broadsheet.offline.workbenches import open_bench, open_trained, read_folders

    def report(line: str) -> None:
        print(line, file=sys.stderr)

    check_output(out)
    folders, room = read_folders("--towers", towers or []), Newsroom(newsroom)
    bench = open_bench(room, report, towers="untrained")
    measured = read_split(bench.newsroom, bench.catalogue, split)
    trained = open_trained(room, folders, report)
    results = measure_retrieval(bench, trained, measured, hours=window, lend=live)
    document = describe_retrieval(results, bench, measured, Path(__file__).parent, hours=window, lend=live)
    print(retrieval_markdown(document))
    for path in write_retrieval(document, out) if out else []:
        print(path, file=sys.stderr)


if __name__ == "__main__":
    from command import run

    run(benchmark)
