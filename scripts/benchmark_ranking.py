"""Measure the ranking of shown articles on a split's impressions, by MIND's rules.

Prints Markdown tables of AUC, MRR, nDCG@5 and nDCG@10 with 95 % intervals and paired differences, of the variety
of the first five and ten places, and of readers of few and of many articles; with --out also writes them, JSON and
plots; with --predictions the rankings themselves.

Example: python scripts/benchmark_ranking.py newsroom --split valid --towers frozen=seed-0 --towers frozen=seed-1
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from broadsheet.cli.options import as_options, say
from broadsheet.cli.script import make_out, open_split, publish, run

if TYPE_CHECKING:
    from broadsheet.evaluation.report.files import Report


def benchmark(
    newsroom: Annotated[Path, typer.Argument(help="The newsroom's folder.")],
    split: Annotated[str, typer.Option(help="Split whose impressions are measured, such as valid.")],
    towers: Annotated[list[str] | None, typer.Option(help="LABEL=FOLDER; the seeds of a label are one row.")] = None,
    cross_encoder: Annotated[list[str] | None, typer.Option(help="LABEL=FOLDER of others than the own one.")] = None,
    attention: Annotated[list[str] | None, typer.Option(help="LABEL=FOLDER of other attentive scorers.")] = None,
    fusion: Annotated[str | None, typer.Option(help="Split to learn the fusion of signals from; else none.")] = None,
    live: Annotated[bool, typer.Option(help="Half of the readers lend what they clicked and were shown.")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for JSON, Markdown and plots.")] = None,
    predictions: Annotated[Path | None, typer.Option(help="Folder for the rankings in MIND's format.")] = None,
) -> None:
    """Measure chance, popularity, BM25, towers, cross-encoder, pipeline, each signal and the learned fusion."""
    from broadsheet.errors import InputError
    from broadsheet.evaluation.ranking.benchmark import measure_split
    from broadsheet.evaluation.ranking.predictions import write_rankings
    from broadsheet.evaluation.ranking.report import describe_ranking, report_ranking
    from broadsheet.offline.workbenches import read_folders

    if predictions and live:
        raise InputError(
            f"--predictions {predictions}: found with --live, whose halvings rank other impressions each; expected "
            "one ranking of the split. Leave one of the two out."
        )
    if predictions:
        make_out(predictions, "--predictions")
    folders = read_folders("--towers", towers or [])
    others = read_folders("--cross-encoder", cross_encoder or [])
    scorers = read_folders("--attention", attention or [])

    def measure() -> Report:
        bench, measured = open_split(newsroom, split)
        with as_options(fusion="--fusion"):
            findings, requests = measure_split(
                bench, measured, folders, others, say, fusion=fusion, live=live, attention=scorers
            )
        if predictions:
            for path in write_rankings(predictions, findings.scores, bench.data, split, requests[0][1]):
                say(str(path))
        return report_ranking(describe_ranking(findings, bench.data, bench.models, measured, live=live))

    publish(out, measure)


if __name__ == "__main__":
    run(benchmark)
