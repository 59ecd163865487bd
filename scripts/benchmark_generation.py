"""Measure headlines and summaries of held-out articles against the publisher's own, beside extracts and plain drafts.

The writer, the extracts and the gate see an article's body alone. Prints Markdown tables with 95 % intervals; with
--out also writes them, JSON and plots. With --speed the speed alone is measured, beside transformers' generate; the
machine must then be quiet. Weights are chosen on the articles before --until DATE.

--samples writes fifty articles' titles and all that was written of them, to be read. They are their publishers' words,
so the file is written only into a folder that is named, and never into benchmarks, which is published.

Example: python scripts/benchmark_generation.py demo/newsroom --out benchmarks/results
"""

import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from broadsheet.evaluation.generation.benchmark import Findings, Writing
    from broadsheet.evaluation.generation.examples import Example


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
    from broadsheet.evaluation.generation.benchmark import Writing, choose_trainings, open_models, read_writers
    from broadsheet.evaluation.generation.examples import HELD_OUT, held_out
    from broadsheet.evaluation.report.document import check_output
    from broadsheet.newsroom import Newsroom
    from broadsheet.training.writer_pairs import read_day

    check_output(out)
    _check_samples(samples)
    writers, models = read_writers(writer or ()), open_models(Newsroom(newsroom))
    trainings = choose_trainings(models, tuned or ())
    first, last = read_day("--since", since) if since or until else HELD_OUT, read_day("--until", until)
    found, most = held_out(models.newsroom, first, last), articles or (24 if speed else 120)
    writing = Writing(models, found[:most], lambda line: print(line, file=sys.stderr))
    if speed:
        _measure_speed(writing, rounds, trainings[0], out)
    else:
        findings = _measure(writing, found, first, writers, trainings)
        _describe(findings, writing, {"since": str(first or ""), "until": str(last or "")}, out)
        _write_samples(findings, samples)


def _measure_speed(writing: "Writing", rounds: int, tuned: Path | None, out: Path | None) -> None:
    from broadsheet.evaluation.generation.speed import measure_speed, speed_to_markdown, write_speed

    document = measure_speed(writing, rounds, Path(__file__).parent, tuned)
    print(speed_to_markdown(document))
    for path in write_speed(document, out) if out else []:
        print(path, file=sys.stderr)


def _measure(
    writing: "Writing",
    found: "list[Example]",
    first: date | None,
    writers: dict[str, str],
    tuned: Sequence[Path | None],
) -> "Findings":
    """Measure the sample, and personal headlines on half as many articles of all that were found."""
    from broadsheet.evaluation.generation.benchmark import measure_generation
    from broadsheet.evaluation.generation.examples import topics_of_readers, with_two_topics

    topics = topics_of_readers(writing.models.newsroom, first)
    personal = with_two_topics(found, topics, writing.models.news_tower)
    return measure_generation(writing, personal[: (len(writing.examples) + 1) // 2], writers, tuned)


def _describe(findings: "Findings", writing: "Writing", days: dict[str, Any], out: Path | None) -> None:
    from broadsheet.evaluation.generation.report import describe_generation, generation_to_markdown, write_generation

    document = describe_generation(findings, writing.models, Path(__file__).parent, days)
    print(generation_to_markdown(document))
    for path in write_generation(document, out) if out else []:
        print(path, file=sys.stderr)


def _check_samples(samples: Path | None) -> None:
    """Make the folder of the samples; raises InputError if it is one that is published."""
    from broadsheet.errors import InputError
    from broadsheet.evaluation.report.document import make_folder

    published = Path(__file__).resolve().parents[1] / "benchmarks"
    if samples and samples.resolve().is_relative_to(published):
        raise InputError(
            f"--samples {samples}: found a folder of {published.name}, which is published, and the titles are their "
            "publishers'. Name a folder elsewhere."
        )
    if samples:
        make_folder("--samples", samples)


def _write_samples(findings: "Findings", samples: Path | None) -> None:
    from broadsheet.evaluation.generation.samples import samples_to_markdown
    from broadsheet.tables.files import write_text

    if samples:
        write_text(samples / "generation-samples.md", samples_to_markdown(findings))


if __name__ == "__main__":
    from command import run

    run(benchmark)
