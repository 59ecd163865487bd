"""Measure a whole build by the local engine beside Ray's on local workers, and beside Ray's with a worker killed.

Three copies of a part of a newsroom are built, each by a command of its own, and their tables are compared: schema,
rows and the bytes of each column. The local engine has all cores in one process; Ray has a worker of one thread for
each. The machine must be quiet.

Example: python scripts/benchmark_engines.py newsroom --articles 4000 --readers 256 --out benchmarks/results
"""

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.script import publish, run


def measure(
    newsroom: Annotated[Path, typer.Argument(help="A newsroom with users; nothing in it is changed.")],
    articles: Annotated[int, typer.Option(help="Articles taken, the first.")] = 4000,
    readers: Annotated[int, typer.Option(help="Readers taken, those who read most of these articles.")] = 256,
    stories: Annotated[int, typer.Option(help="Stories written for each reader; 0: the publisher's words.")] = 2,
    depth: Annotated[int, typer.Option(help="Candidates of each reader that are ranked.")] = 60,
    out: Annotated[Path | None, typer.Option(help="Folder for JSON and Markdown.")] = None,
) -> None:
    """Print the seconds of each engine, and whether the tables are equal."""
    from broadsheet.evaluation.systems.engines import measure_engines, report_engines
    from broadsheet.newsroom import Newsroom

    sizes = {"articles": articles, "readers": readers, "stories": stories, "depth": depth}
    publish(out, lambda: report_engines(measure_engines(Newsroom(newsroom), **sizes)), draws=False)


if __name__ == "__main__":
    run(measure)
