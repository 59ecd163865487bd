"""Measure a training step of the towers against the usual one, which encodes each click's articles for it alone.

Same encoder with low-rank adapters, user tower, batches, optimiser and first weights; every article is encoded with its
gradient, and nothing is dropped at random, so that the losses can be compared. The steps of all versions take turns.
Prints a Markdown table; with --out also writes it, JSON and a plot.

Example: python scripts/benchmark_training.py newsroom --train train --valid valid --out results
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from broadsheet.cli.options import say
from broadsheet.cli.script import publish, run

if TYPE_CHECKING:
    from broadsheet.evaluation.report.files import Report


def benchmark(
    newsroom: Annotated[Path, typer.Argument(help="The newsroom's folder.")],
    train: Annotated[str, typer.Option(help="Split to learn from.")],
    valid: Annotated[str, typer.Option(help="Split whose nDCG@10 is to be reached.")],
    steps: Annotated[int, typer.Option(help="Steps of each version.")] = 4,
    more: Annotated[int, typer.Option(help="Further steps of ours, to see when nDCG@10 is reached.")] = 24,
    readers: Annotated[int, typer.Option(help="Readers a step, with eight next clicks each.")] = 2,
    impressions: Annotated[int, typer.Option(help="Clicks of impressions a step, with four shown articles each.")] = 2,
    out: Annotated[Path | None, typer.Option(help="Folder for JSON, Markdown and a plot.")] = None,
) -> None:
    """Compare clicks a second, losses, memory, and the time to a valid nDCG@10."""
    from broadsheet.evaluation.speed.training_steps import Workload, reach, run_steps
    from broadsheet.evaluation.speed.training_steps_report import describe_steps, report_steps

    def measure() -> Report:
        workload = Workload.read(newsroom, train, say, readers=readers, impressions=impressions, steps=steps + more)
        runs = run_steps(workload, steps)
        curve = reach(workload, runs["ours"], valid, steps + more)
        return report_steps(describe_steps(workload, runs, curve, train=train, valid=valid))

    publish(out, measure)


if __name__ == "__main__":
    run(benchmark)
