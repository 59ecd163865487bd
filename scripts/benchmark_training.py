"""Measure a training step of the towers against the usual one, which encodes each click's articles for it alone.

Same encoder with low-rank adapters, user tower, batches, optimiser and first weights; every article is encoded with its
gradient, and nothing is dropped at random, so that the losses can be compared. The steps of all versions take turns.
Prints a Markdown table; with --out also writes it, JSON and a plot.

Example: python scripts/benchmark_training.py newsroom --train train --valid valid --out results
"""

import sys
from pathlib import Path
from typing import Annotated

import typer


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
    from training_steps import Workload, reach, run_steps
    from training_steps_report import describe, to_markdown, write

    from broadsheet.evaluation.report.document import check_output

    check_output(out)
    workload = Workload.read(newsroom, train, readers=readers, impressions=impressions, steps=steps + more)
    runs = run_steps(workload, steps)
    curve = reach(workload, runs["ours"], valid, steps + more)
    document = describe(workload, runs, curve, train=train, valid=valid)
    print(to_markdown(document))
    for path in write(document, out) if out else []:
        print(path, file=sys.stderr)


if __name__ == "__main__":
    from command import run

    run(benchmark)
