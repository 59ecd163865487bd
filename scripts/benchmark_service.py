"""Measure the service: seconds to ready, pages and events a second, editions that change under load, and kills.

The load is that of wrk, which must be installed, on the same machine, which must be quiet. The newsroom gets events,
clicks and a new edition: give it a copy. Prints Markdown; with --out also writes it, JSON and a plot.

Example: python scripts/benchmark_service.py copy_of_demo --name demo --seconds 0 --out benchmarks/results
"""

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.options import say
from broadsheet.cli.script import publish, run

LUA = Path(__file__).parents[1] / "benchmarks" / "load" / "requests.lua"


def benchmark(
    newsroom: Annotated[Path, typer.Argument(help="The folder of a newsroom that may be changed.")],
    name: Annotated[str, typer.Option(help="What the newsroom is called in the results and in their names.")],
    seconds: Annotated[float, typer.Option(min=0, help="Length of each load; 0 for none.")] = 20,
    steady: Annotated[
        float, typer.Option(min=0, help="Seconds of all loads at once, half of what the service does; 0 for none.")
    ] = 600,
    readers: Annotated[int, typer.Option(min=8, help="Readers whose pages are asked for.")] = 1000,
    swaps: Annotated[int, typer.Option(min=0, help="How often an edition is published or rolled back.")] = 6,
    kills: Annotated[int, typer.Option(min=0, help="How often the service is killed.")] = 3,
    out: Annotated[Path | None, typer.Option(help="Folder for service-NAME.json, .md and .png.")] = None,
) -> None:
    """Print what the service does a second, and what it loses when editions change or a process dies."""
    from broadsheet.evaluation.service.load import LoadTask, measure_service
    from broadsheet.evaluation.service.report import report_service
    from broadsheet.newsroom import Newsroom

    task = LoadTask(seconds, steady, readers, LUA)
    publish(out, lambda: report_service(measure_service(Newsroom(newsroom), name, task, swaps, kills, say)))


if __name__ == "__main__":
    run(benchmark)
