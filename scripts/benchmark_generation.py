"""Measure headlines and summaries of held-out articles against the publisher's own, beside extracts and plain drafts.

The writer, the extracts and the gate see an article's body alone. Prints Markdown tables with 95 % intervals; with
--out also writes them, JSON and plots. With --speed the speed alone is measured, beside transformers' generate; the
machine must then be quiet. Weights are chosen on the articles before --until DATE.

--samples writes fifty articles' titles and all that was written of them, to be read. They are their publishers' words,
so the file is written only into a folder that is named, and never into benchmarks, which is published.

Example: python scripts/benchmark_generation.py demo/newsroom --out benchmarks/results
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from broadsheet.cli.options import say
from broadsheet.cli.script import make_out, publish, run

if TYPE_CHECKING:
    from broadsheet.evaluation.report.files import Report

PUBLISHED = Path(__file__).resolve().parents[1] / "benchmarks"


def benchmark(
    newsroom: Annotated[Path, typer.Argument(help="The folder of a newsroom with the demo's articles.")],
    since: Annotated[str, typer.Option(help="First day of publication; without --until the held-out days'.")] = "",
    until: Annotated[str, typer.Option(help="Day before which the articles were published.")] = "",
    articles: Annotated[int | None, typer.Option(help="Articles measured: 120, of speed 24.", min=1)] = None,
    writer: Annotated[list[str] | None, typer.Option(help="LABEL=NAME of a further model; NAME as in config.")] = None,
    tuned: Annotated[list[Path] | None, typer.Option(help="What `train writer` made with one seed, for each.")] = None,
    speed: Annotated[bool, typer.Option(help="Measure speed alone.")] = False,
    rounds: Annotated[int, typer.Option(help="Rounds of the speed.", min=1)] = 3,
    samples: Annotated[Path | None, typer.Option(help="Folder for generation-samples.md.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for JSON, Markdown and plots.")] = None,
) -> None:
    """Print tables of rows, paired differences and personal headlines; or of speed."""
    from broadsheet.evaluation.generation.benchmark import (
        Writing,
        choose_trainings,
        measure_sample,
        open_models,
        read_writers,
    )
    from broadsheet.evaluation.generation.examples import HELD_OUT, held_out
    from broadsheet.evaluation.generation.report import describe_generation, report_generation
    from broadsheet.evaluation.generation.samples import refuse_inside, write_samples
    from broadsheet.evaluation.generation.speed import measure_speed, report_speed
    from broadsheet.newsroom import Newsroom
    from broadsheet.training.writer_pairs import read_day

    if samples:
        refuse_inside(PUBLISHED, samples)
        make_out(samples, "--samples")
    writers, models = read_writers("--writer", writer or ()), open_models(Newsroom(newsroom))
    trainings = choose_trainings(models, tuned or ())
    first, last = read_day("--since", since) if since or until else HELD_OUT, read_day("--until", until)
    found, most = held_out(models.newsroom, first, last), articles or (24 if speed else 120)
    writing = Writing(models, found[:most], say)

    def measure() -> Report:
        if speed:
            return report_speed(measure_speed(writing, rounds, trainings[0]))
        findings = measure_sample(writing, found, first, writers, trainings)
        if samples:
            write_samples(findings, samples)
        return report_generation(
            describe_generation(findings, models, {"since": str(first or ""), "until": str(last or "")})
        )

    publish(out, measure, draws=not speed)


if __name__ == "__main__":
    run(benchmark)
