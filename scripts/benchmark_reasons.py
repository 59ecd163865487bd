"""Measure whether the history article that a reason names matters, by deleting it and scoring the item again.

Prints Markdown tables of how far the score falls without the article named, beside another one of the history, with
95 % intervals and by length of the history; with --out also writes them, JSON and a plot.

Example: python scripts/benchmark_reasons.py newsroom --split valid --readers 300 --out benchmarks/results
"""

import sys
from pathlib import Path
from typing import Annotated

import typer


def benchmark(
    newsroom: Annotated[Path, typer.Argument(help="The newsroom's folder.")],
    split: Annotated[str, typer.Option(help="Split whose readers are measured, such as valid.")],
    readers: Annotated[int, typer.Option(min=2, help="Readers, drawn by a seed.")] = 300,
    out: Annotated[Path | None, typer.Option(help="Folder for JSON, Markdown and a plot.")] = None,
) -> None:
    """Delete each article of a history in turn; by the weights, and by the newsroom's learned fusion if it has one."""
    from broadsheet.corpus.impressions import read_split
    from broadsheet.evaluation.pages.reasons import delete_each, draw_readers, scorings
    from broadsheet.evaluation.pages.reasons_report import (
        ReasonFindings,
        describe_reasons,
        reasons_to_markdown,
        write_reasons,
    )
    from broadsheet.evaluation.ranking.fusion import requests_of
    from broadsheet.evaluation.report.document import check_output
    from broadsheet.newsroom import Newsroom
    from broadsheet.offline.workbenches import open_bench

    def report(line: str) -> None:
        print(line, file=sys.stderr)

    check_output(out)
    bench = open_bench(Newsroom(newsroom), report)
    measured = read_split(bench.newsroom, bench.catalogue, split)
    ((view, impressions),) = requests_of(bench, measured, lent=False)
    drawn, deletions = draw_readers(view, impressions, readers), {}
    for name in scorings(view):
        report(f"measuring: {name}")
        deletions[name] = delete_each(view, drawn, name)
    document = describe_reasons(ReasonFindings(drawn, deletions), bench, measured, Path(__file__).parent)
    print(reasons_to_markdown(document))
    for path in write_reasons(document, out) if out else []:
        print(path, file=sys.stderr)


if __name__ == "__main__":
    from command import run

    run(benchmark)
