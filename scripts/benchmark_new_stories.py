"""Measure in how many readers' candidates and pages a story stands minutes after it was published, and what it costs.

Holds back some of the newest articles, one after another, and counts for each age and number of clicks the readers who
have it among the candidates and on the first page; with --split also nDCG@10 of what was shown, ranked anew with and
without kept places. Prints Markdown; with --out also writes it, JSON and a plot, as new-stories-NAME.

Example: python scripts/benchmark_new_stories.py ebnerd --name ebnerd --split validation --out benchmarks/results
"""

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.options import say
from broadsheet.cli.script import publish, run


def benchmark(
    newsroom: Annotated[Path, typer.Argument(help="The newsroom's folder.")],
    name: Annotated[str, typer.Option(help="What the newsroom is called in the results and in their names.")],
    readers: Annotated[int, typer.Option(help="Readers: the newsroom's own, then made-up ones.")] = 40,
    split: Annotated[str | None, typer.Option(help="Split whose impressions are ranked anew; none without it.")] = None,
    impressions: Annotated[int, typer.Option(help="How many of them, drawn by a seed.")] = 500,
    out: Annotated[Path | None, typer.Option(help="Folder for JSON, Markdown and a plot.")] = None,
) -> None:
    """Measure where a new story stands, and the cost in nDCG."""
    from broadsheet.corpus.impressions import read_split
    from broadsheet.evaluation.pages.new_stories_report import measure_new_stories
    from broadsheet.evaluation.report.files import Report
    from broadsheet.newsroom import Newsroom
    from broadsheet.offline.workbenches import open_bench

    def measure() -> Report:
        bench = open_bench(Newsroom(newsroom), say)
        shown = read_split(bench.data.newsroom, bench.data.catalogue, split) if split else None
        return measure_new_stories(bench, name, readers, shown, impressions)

    publish(out, measure)


if __name__ == "__main__":
    run(benchmark)
