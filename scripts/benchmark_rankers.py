"""Train NRMS, NAML and LSTUR on a newsroom's stored vectors, and measure them beside its towers and its pipeline.

All learn from the same impressions and read the same vectors; `--tune` chooses their epochs; three seeds. Prints the
tables of benchmark_ranking.py with a row for each of them, and differences with 95 % intervals; with --out also writes
them, JSON and plots.

Example: python scripts/benchmark_rankers.py newsroom --train train --tune tune --valid valid
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from broadsheet.cli.options import as_options, say
from broadsheet.cli.script import open_split, publish, run

if TYPE_CHECKING:
    from broadsheet.corpus.impressions import Impression
    from broadsheet.evaluation.report.files import Report
    from broadsheet.tables.arrays import Floats


def benchmark(
    newsroom: Annotated[Path, typer.Argument(help="The newsroom's folder.")],
    train: Annotated[str, typer.Option(help="Split that the rankers learn from.")],
    tune: Annotated[str, typer.Option(help="Split that chooses their epochs, and that the fusion learns from.")],
    valid: Annotated[str, typer.Option(help="Split whose impressions are measured.")],
    towers: Annotated[list[str] | None, typer.Option(help="LABEL=FOLDER; the seeds of a label are one row.")] = None,
    cross_encoder: Annotated[list[str] | None, typer.Option(help="LABEL=FOLDER of others than the own one.")] = None,
    attention: Annotated[list[str] | None, typer.Option(help="LABEL=FOLDER of other attentive scorers.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for JSON, Markdown and plots.")] = None,
) -> None:
    """Measure NRMS, NAML, LSTUR and LightGBM on counters beside the rows of benchmark_ranking.py."""
    from broadsheet.corpus.impressions import read_rankable
    from broadsheet.evaluation.ranking.benchmark import measure_split
    from broadsheet.evaluation.ranking.rankers import scores_of_rankers
    from broadsheet.evaluation.ranking.report import describe_ranking, report_ranking
    from broadsheet.offline.replay import SEEDS
    from broadsheet.offline.workbenches import read_folders

    sys.path.insert(0, str(Path(__file__).parents[1]))
    from benchmarks.rankers.lstur import Lstur
    from benchmarks.rankers.naml import Naml
    from benchmarks.rankers.nrms import Nrms

    folders, makers = read_folders("--towers", towers or []), {"NRMS": Nrms, "NAML": Naml, "LSTUR": Lstur}
    others = read_folders("--cross-encoder", cross_encoder or [])
    scorers = read_folders("--attention", attention or [])

    def measure() -> Report:
        bench, measured = open_split(newsroom, valid)
        data = bench.data
        learned, choosing = (read_rankable(data.newsroom, data.catalogue, name) for name in (train, tune))

        def scores(impressions: Sequence[Impression]) -> dict[str, list[Floats]]:
            return scores_of_rankers(makers, data, learned, choosing, impressions, SEEDS, say)

        with as_options(fusion="--tune"):
            findings, _ = measure_split(
                bench, measured, folders, others, say, fusion=tune, rankers=scores, attention=scorers
            )
        report = report_ranking(describe_ranking(findings, data, bench.models, measured))
        return replace(report, name=f"rankers-{valid}")

    publish(out, measure)


if __name__ == "__main__":
    run(benchmark)
