"""Measure what exploration costs and brings, on simulated readers of a newsroom's real articles.

Prints clicks over all days of greedy, epsilon-greedy, softmax and Thompson sampling, the price on the first day,
regret, and how soon young articles are known, in a world with and in a world without hidden quality. With --out also
writes JSON, Markdown and plots. Nothing of the newsroom is changed.

Example: python scripts/benchmark_exploration.py demo/newsroom --out benchmarks/results
"""

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.options import say
from broadsheet.cli.script import publish, run


def benchmark(
    newsroom: Annotated[Path, typer.Argument(help="The newsroom's folder.")],
    readers: Annotated[int, typer.Option(help="Simulated readers.", min=1)] = 2000,
    days: Annotated[int, typer.Option(help="Days, up to that of the last article.", min=1)] = 14,
    seeds: Annotated[int, typer.Option(help="Repetitions with other readers.", min=1)] = 3,
    out: Annotated[Path | None, typer.Option(help="Folder for JSON, Markdown and plots.")] = None,
) -> None:
    """Simulate readers under each policy, and print what they clicked."""
    from broadsheet.evaluation.simulation.exploration import measure_exploration
    from broadsheet.evaluation.simulation.exploration_report import report_exploration
    from broadsheet.newsroom import Newsroom
    from broadsheet.offline.workbenches import open_bench

    publish(
        out,
        lambda: report_exploration(measure_exploration(open_bench(Newsroom(newsroom), say), readers, days, seeds, say)),
    )


if __name__ == "__main__":
    run(benchmark)
