"""Measure the ranking of a split in real time, with counters 0 s, 5 min, 1 h and a night old, and content-only.

Prints a Markdown table for each delay of the counters, with 95 % intervals and paired differences; with --out also
writes them, JSON and a plot of AUC over the delay. The impressions must have their true times, as those of EB-NeRD do.

Example: python scripts/benchmark_live_ranking.py newsroom --train train --tune tune --valid validation --appearances
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from broadsheet.cli.options import say
from broadsheet.cli.script import open_split, publish, run

if TYPE_CHECKING:
    from broadsheet.evaluation.report.files import Report


def benchmark(
    newsroom: Annotated[Path, typer.Argument(help="The newsroom's folder.")],
    train: Annotated[str, typer.Option(help="Split that the towers learned from.")],
    tune: Annotated[str, typer.Option(help="Split that chose the towers, and that the fusion learns from.")],
    valid: Annotated[str, typer.Option(help="Split whose impressions are measured.")],
    towers: Annotated[list[str] | None, typer.Option(help="LABEL=FOLDER; the seeds of a label are one row.")] = None,
    appearances: Annotated[bool, typer.Option(help="Times of articles are first appearances.")] = False,
    limit: Annotated[int | None, typer.Option(help="Most impressions of --valid, drawn by chance, to try.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for JSON, Markdown and plot.")] = None,
) -> None:
    """Measure popularity, LightGBM on counters, NRMS, towers, the pipeline by weights and the learned fusion."""
    from broadsheet.corpus.impressions import read_rankable
    from broadsheet.evaluation.live_ranking.benchmark import measure_live
    from broadsheet.evaluation.live_ranking.report import describe_live, report_live
    from broadsheet.evaluation.ranking.rankers import scores_of_rankers
    from broadsheet.evaluation.ranking.rows import RANKER
    from broadsheet.offline.replay import SEEDS
    from broadsheet.offline.workbenches import open_trained, read_folders
    from broadsheet.tables.arrays import draw_rows

    sys.path.insert(0, str(Path(__file__).parents[1]))
    from benchmarks.rankers.nrms import Nrms

    folders = read_folders("--towers", towers or [])

    def measure() -> Report:
        bench, split = open_split(newsroom, valid)
        data = bench.data
        parts = [read_rankable(data.newsroom, data.catalogue, name) for name in (train, tune, valid)]
        parts[2] = [parts[2][place] for place in draw_rows(len(parts[2]), limit or len(parts[2])).tolist()]
        nrms = scores_of_rankers({"NRMS": Nrms}, data, *parts, SEEDS[:1], say)  # a seed takes ten minutes
        trained = open_trained(data.newsroom, folders, say)
        findings = measure_live(bench, trained, *parts, say, nrms, appearances=appearances)
        return report_live(describe_live(findings, bench, split, {"NRMS": f"{RANKER}; it has one seed"}))

    publish(out, measure)


if __name__ == "__main__":
    run(benchmark)
