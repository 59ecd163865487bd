"""Measure what diversity, calibration and caps cost, on a split's impressions ranked anew.

Sweeps the weights of diversity (MMR) and of calibration, and prints Markdown tables of nDCG against the distance within
the list and against calibration, with 95 % intervals; with --out also writes them, JSON and a plot.

Example: python scripts/benchmark_diversity.py newsroom --split valid --out benchmarks/results
"""

import sys
from pathlib import Path
from typing import Annotated

import typer


def benchmark(
    newsroom: Annotated[Path, typer.Argument(help="The newsroom's folder.")],
    split: Annotated[str, typer.Option(help="Split whose impressions are ranked anew, such as valid.")],
    out: Annotated[Path | None, typer.Option(help="Folder for JSON, Markdown and a plot.")] = None,
) -> None:
    """Score what was shown once, by the pipeline, and order it by many policies."""
    from broadsheet.corpus.impressions import read_split
    from broadsheet.evaluation.pages.policies import compared, measure_rows, read_shown, sweep, with_one_story_twice
    from broadsheet.evaluation.pages.policies_report import (
        PolicyFindings,
        describe_policies,
        policies_to_markdown,
        write_policies,
    )
    from broadsheet.evaluation.ranking.beyond_accuracy import DISTANCE, DIVERGENCE
    from broadsheet.evaluation.report.document import check_output
    from broadsheet.newsroom import Newsroom
    from broadsheet.offline.workbenches import open_bench

    def report(line: str) -> None:
        print(line, file=sys.stderr)

    check_output(out)
    bench = open_bench(Newsroom(newsroom), report)
    measured = read_split(bench.newsroom, bench.catalogue, split)
    impressions = [impression for impression in measured.impressions if impression.rankable]
    shown, policy = read_shown(bench, impressions), bench.policy
    rows = measure_rows(shown, compared(policy), report)
    sweeps = [sweep(shown, policy, "diversity", DISTANCE), sweep(shown, policy, "calibration", DIVERGENCE)]
    remarks = [
        "Measured: impressions that keep both a click and another article, with text. What was shown is ranked anew, "
        f"{len(shown.clicked) / len(impressions):.1f} articles on average, so the first 10 are most of a list.",
        f"Impressions that show two articles of one story: {with_one_story_twice(shown, policy):,}.",
    ]
    if not any(items.sources.any() for items in shown.items):
        remarks.append("The articles name no source: the cap of sources and the floor for small ones change nothing.")
    findings = PolicyFindings(rows, sweeps, policy, [impression.user_id for impression in impressions], remarks)
    document = describe_policies(findings, bench, measured, Path(__file__).parent)
    print(policies_to_markdown(document))
    for path in write_policies(document, out) if out else []:
        print(path, file=sys.stderr)


if __name__ == "__main__":
    from command import run

    run(benchmark)
