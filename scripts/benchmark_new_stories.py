"""Measure in how many readers' candidates and pages a story stands minutes after it was added, and reasons a page.

Prints JSON: for each age and number of clicks of the story, how many of the readers have it among the candidates and on
the first page; with --out also writes it there as new-stories.json.

Example: python scripts/benchmark_new_stories.py demo/newsroom --out benchmarks/results
"""

import json
from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.options import say
from broadsheet.cli.script import make_out, run


def benchmark(
    newsroom: Annotated[Path, typer.Argument(help="The newsroom's folder.")],
    readers: Annotated[int, typer.Option(help="Readers: the newsroom's own, then made-up ones.")] = 40,
    out: Annotated[Path | None, typer.Option(help="Folder for the JSON.")] = None,
) -> None:
    """Measure where a new story stands."""
    from broadsheet.evaluation.pages.new_stories import measure_new_stories
    from broadsheet.newsroom import Newsroom
    from broadsheet.offline.workbenches import open_bench
    from broadsheet.tables.files import write_json

    if out is not None:
        make_out(out)
    found = measure_new_stories(open_bench(Newsroom(newsroom), say), readers)
    typer.echo(json.dumps(found, indent=1))
    if out is not None:
        write_json(out / "new-stories.json", found)


if __name__ == "__main__":
    run(benchmark)
