"""Measure a reader of whom little is known against the same reader's full history.

Prints Markdown tables of AUC and nDCG@10 of what impressions showed, and of how much of what is retrieved for the full
history is retrieved with half of it, with a profile made from that half, with both and with nothing, with intervals and
paired differences; with --out also writes them, JSON and a plot.

Example: python scripts/benchmark_cold_start.py newsroom --split valid --out benchmarks/results
"""

import sys
from pathlib import Path
from typing import Annotated

import typer


def benchmark(
    newsroom: Annotated[Path, typer.Argument(help="The newsroom's folder.")],
    split: Annotated[str, typer.Option(help="Split whose impressions are measured, such as valid.")],
    out: Annotated[Path | None, typer.Option(help="Folder for JSON, Markdown and a plot.")] = None,
) -> None:
    """Measure full history, half of it, half and profile, profile alone, and nothing."""
    from broadsheet.corpus.impressions import read_split
    from broadsheet.evaluation.pages.cold_start import measure_starts, read_starts
    from broadsheet.evaluation.pages.cold_start_report import (
        ColdStartFindings,
        cold_start_to_markdown,
        describe_cold_start,
        write_cold_start,
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
    starts = read_starts(view, impressions)
    findings = ColdStartFindings(starts, measure_starts(view, starts))
    document = describe_cold_start(findings, bench, measured, Path(__file__).parent)
    print(cold_start_to_markdown(document))
    for path in write_cold_start(document, out) if out else []:
        print(path, file=sys.stderr)


if __name__ == "__main__":
    from command import run

    run(benchmark)
