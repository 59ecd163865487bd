"""Measure how long a page takes, stage by stage, for readers one at a time.

The texts of the edition's own readers are taken over, so that generation is apart: `generate` is then a look-up.
Prints p50 and p95 of each stage; with --out writes JSON and a plot.

Example: python scripts/benchmark_pipeline.py newsroom --readers 50 --out results
"""

import sys
import time
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

WARM_UP = 5


def measure(
    newsroom: Annotated[Path, typer.Argument(help="The newsroom's folder, with an edition built for its readers.")],
    readers: Annotated[int, typer.Option(help="Readers measured, the first of the edition.")] = 50,
    out: Annotated[Path | None, typer.Option(help="Folder for JSON and a plot.")] = None,
) -> None:
    """Print milliseconds a stage."""
    from broadsheet.evaluation.report.document import stamp
    from broadsheet.newsroom import Newsroom
    from broadsheet.pipeline import Pipeline
    from broadsheet.tables.arrow_files import read_table
    from broadsheet.tables.files import write_json
    from broadsheet.tables.schemas import USERS

    started = time.perf_counter()
    pipeline = Pipeline.open(newsroom)
    opened = time.perf_counter() - started
    edition = Newsroom(newsroom).current()
    users = read_table(edition.users, USERS).column("user_id").to_pylist()[:readers]
    for user_id in users[:WARM_UP]:
        pipeline.run(user_id)
    stages: dict[str, list[float]] = {}
    for user_id in users:
        asked = time.perf_counter()
        page = pipeline.run(user_id)
        for stage, seconds in [*page.timings.items(), ("whole page", time.perf_counter() - asked)]:
            stages.setdefault(stage, []).append(1000 * seconds)
    rows = {
        stage: {
            "p50_ms": round(float(np.percentile(times, 50)), 1),
            "p95_ms": round(float(np.percentile(times, 95)), 1),
        }
        for stage, times in stages.items()
    }
    print(f"{len(users)} readers, opened in {opened:.1f} s")
    print("| stage | p50, ms | p95, ms |\n|---|---|---|")
    for stage, row in rows.items():
        print(f"| {stage} | {row['p50_ms']} | {row['p95_ms']} |")
    if out:
        out.mkdir(parents=True, exist_ok=True)
        document = {
            **stamp(Path(__file__).parent),
            "readers": len(users),
            "opened_s": round(opened, 1),
            "articles": edition.read_manifest()["counts"]["news"],
            "stages": rows,
        }
        write_json(out / "pipeline.json", document)
        _draw(stages, out / "pipeline.png")
        print(out / "pipeline.json", out / "pipeline.png", file=sys.stderr)


def _draw(stages: dict[str, list[float]], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 3), layout="constrained")
    axes.boxplot(
        list(stages.values()), orientation="horizontal", tick_labels=list(stages), whis=(5, 95), showfliers=False
    )
    axes.set_xlabel("milliseconds a page: median, quartiles, 5th and 95th percentile")
    axes.invert_yaxis()
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    from command import run

    run(measure)
