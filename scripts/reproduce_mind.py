"""Make the figures on MIND from its folder, trainings included, and write them with the hashes of all inputs.

Stopped, the same command goes on where it was. All of MINDsmall takes a night on a CPU; --limit 300 is a trial.
Settings other than the defaults are those of WORK/newsroom/broadsheet.toml, put there before the first run.

Example: python scripts/reproduce_mind.py MINDsmall_train MINDsmall_dev work --out figures
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.options import say
from broadsheet.cli.script import publish, run


def benchmark(
    train: Annotated[Path, typer.Argument(help="Folder of MIND to learn from, such as MINDsmall_train.")],
    valid: Annotated[Path, typer.Argument(help="Folder of MIND to measure on, such as MINDsmall_dev.")],
    work: Annotated[Path, typer.Argument(help="Folder for the newsroom and the models.")],
    out: Annotated[Path, typer.Option(help="Folder for JSON, Markdown and plots.")],
    subset: Annotated[
        Path | None,
        typer.Option(help="Keep the impressions that this file names, such as benchmarks/mind-subset.json."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="The first impressions of each folder, for a trial.")] = None,
) -> None:
    """Split, import, train towers and cross-encoders with three seeds each, and measure the ranking."""
    from broadsheet.evaluation.mind.reproduction import Asked, reproduce

    publish(out, lambda: reproduce(Asked(train, valid, work, subset, limit), say))


if __name__ == "__main__":
    run(benchmark)
