"""Measure how long it takes from the call of `add` or `withdraw` until a running pipeline's request shows it.

An article is searchable when a request whose interest vector is that of its text has it among the candidates; one is
withdrawn when such a request has it no longer. Each call is timed together with the first request after it, which puts
the change in force. With --articles the newsroom is widened first, in a temporary folder: real articles repeated under
other ids, each vector a mixture of two real ones with noise, and made-up clicks.

Example: python scripts/benchmark_live.py newsroom --articles 200000 --out benchmarks/results
"""

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.script import publish, run


def benchmark(
    newsroom: Annotated[Path, typer.Argument(help="A newsroom; it is not changed.")],
    articles: Annotated[int, typer.Option(help="Articles to widen it to.", min=1)] = 200_000,
    clicks: Annotated[int, typer.Option(help="Clicks to make up, in thousands.", min=0)] = 1000,
    calls: Annotated[int, typer.Option(help="Calls of each kind.", min=1)] = 1000,
    out: Annotated[Path | None, typer.Option(help="Folder for live.json and live.md.")] = None,
) -> None:
    """Print milliseconds: the call, the first request after it, and both together."""
    from broadsheet.evaluation.systems.live import measure_live, report_live
    from broadsheet.newsroom import Newsroom

    sizes = {"articles": articles, "clicks": 1000 * clicks, "calls": calls}
    publish(out, lambda: report_live(measure_live(Newsroom(newsroom), **sizes)), draws=False)


if __name__ == "__main__":
    run(benchmark)
