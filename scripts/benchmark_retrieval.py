"""Measure candidate search over the whole catalogue on a split's impressions.

Prints a Markdown table of Recall@k (|hits| / |relevant|) and nDCG@k for k = 10, 50 and 100 with 95 % intervals; with
--out also writes it, JSON and a plot.

Example: python scripts/benchmark_retrieval.py newsroom --split valid --out results
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
    """Measure random articles, popularity, the untrained towers through the index, and the pipeline's retriever."""
    from broadsheet.evaluation import TOWERS, open_bench, read_split
    from broadsheet.evaluation_report import Findings, check_output, describe, to_markdown, write_report
    from broadsheet.evaluation_retrieval import NOTES, RETRIEVER, index_recall, retrieval_rows
    from broadsheet.newsroom import Newsroom

    check_output(out)
    bench = open_bench(Newsroom(newsroom), lambda line: print(line, file=sys.stderr))
    measured = read_split(bench, split)
    impressions = [impression for impression in measured.impressions if impression.relevant]
    rows = retrieval_rows(bench, impressions)
    users = [impression.user_id for impression in impressions]
    remarks = [
        "Measured: impressions with a click on an article that has text and was not read before, against every article "
        "not read before; recall is |hits| / |relevant|."
    ]
    findings = Findings("retrieval", rows, NOTES, RETRIEVER, TOWERS, users, remarks, index_recall(bench, impressions))
    document = describe(findings, bench, measured, Path(__file__).parent)
    print(to_markdown(document))
    for path in write_report(document, out) if out else []:
        print(path, file=sys.stderr)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        typer.run(benchmark)
    except BroadsheetError as error:
        sys.exit(f"benchmark_retrieval: {error}")
