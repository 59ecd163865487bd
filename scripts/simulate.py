"""Simulate readers of a newsroom's real articles, who use its own pipeline day after day.

Makes a new newsroom INTO with the articles before the last days and simulated readers, builds it, and lets the days
pass: articles are added when they are published, readers ask for pages, what they do is logged, and each night builds
an edition. The events stay in INTO, for `broadsheet experiment` and `broadsheet evaluate policy`. Prints what happened
and what is assumed; with --out also writes both as JSON and Markdown. NEWSROOM itself is not changed.

Example: python scripts/simulate.py demo/newsroom simulated --days 3 --policy thompson
"""

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.options import say
from broadsheet.cli.script import publish, run


def simulate(
    newsroom: Annotated[Path, typer.Argument(help="The newsroom's folder.")],
    into: Annotated[Path, typer.Argument(help="The folder of the simulation, which is made.")],
    readers: Annotated[int, typer.Option(help="Simulated readers.", min=1)] = 100,
    days: Annotated[int, typer.Option(help="Days, up to that of the last article.", min=1)] = 3,
    seed: Annotated[int, typer.Option(help="Another seed draws other readers.", min=0)] = 0,
    policy: Annotated[str, typer.Option(help="Policy of [exploration]; by default, that of the settings.")] = "",
    out: Annotated[Path | None, typer.Option(help="Folder for JSON and Markdown.")] = None,
) -> None:
    """Let simulated readers use a newsroom for some days."""
    from broadsheet.evaluation.simulation.newsroom_report import report_simulation, simulate_newsroom

    publish(
        out,
        lambda: report_simulation(
            simulate_newsroom(newsroom, into, readers=readers, days=days, seed=seed, policy=policy, say=say)
        ),
        draws=False,
    )


if __name__ == "__main__":
    run(simulate)
