"""Measure the ranking of shown articles on a split's impressions, by MIND's rules.

Prints a Markdown table of AUC, MRR, nDCG@5 and nDCG@10 with 95 % intervals; with --out also writes it, JSON and a plot.

Example: python scripts/benchmark_ranking.py newsroom --split valid --out results
"""

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from broadsheet.errors import BroadsheetError


def benchmark(
    newsroom: Annotated[Path, typer.Argument(help="The newsroom's folder.")],
    split: Annotated[str, typer.Option(help="Split whose impressions are measured, such as valid.")],
    out: Annotated[Path | None, typer.Option(help="Folder for JSON, Markdown and a plot.")] = None,
) -> None:
    """Measure random order, popularity, the untrained towers, the cross-encoder alone and the whole pipeline."""
    from broadsheet.evaluation import TOWERS, open_bench, read_split
    from broadsheet.evaluation_ranking import CROSS_ENCODER, NOTES, PIPELINE, ranking_rows
    from broadsheet.evaluation_report import Findings, check_output, describe, to_markdown, write_report
    from broadsheet.newsroom import Newsroom

    check_output(out)
    bench = open_bench(Newsroom(newsroom), lambda line: print(line, file=sys.stderr))
    measured = read_split(bench, split)
    impressions = [impression for impression in measured.impressions if impression.rankable]
    rows = ranking_rows(bench, impressions)
    users = [impression.user_id for impression in impressions]
    untrained = f"The row {CROSS_ENCODER!r} is left out, and the pipeline ranks without it: none was trained."
    remarks = ["Measured: impressions that keep both a click and another article, with text."]
    remarks += [] if CROSS_ENCODER in rows else [untrained]
    findings = Findings("ranking", rows, NOTES, PIPELINE, TOWERS, users, remarks)
    document = describe(findings, bench, measured, Path(__file__).parent)
    print(to_markdown(document))
    for path in write_report(document, out) if out else []:
        print(path, file=sys.stderr)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        typer.run(benchmark)
    except BroadsheetError as error:
        sys.exit(f"benchmark_ranking: {error}")
