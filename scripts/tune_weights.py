"""Choose the weights of the signals on a split that no result is reported on, content-only and live.

Tries a grid and prints it, the best first by the mean over both settings of AUC + nDCG@10; with --out writes JSON.
Freshness is left alone: MIND has no publication times.

Example: python scripts/tune_weights.py newsroom --split tune --out benchmarks/results/weights.json
"""

import itertools
import sys
from pathlib import Path
from typing import Annotated

import typer

GRID = {
    "relevance": (0.0, 1.0),
    "two_tower": (1.0, 2.0, 3.0),
    "popularity": (0.0, 0.1, 0.2, 0.3),
    "click_rate": (0.0, 0.1, 0.2, 0.3),
    "affinity": (0.0, 0.1, 0.2),
}


def tune(
    newsroom: Annotated[Path, typer.Argument(help="The newsroom's folder.")],
    split: Annotated[str, typer.Option(help="Split whose impressions choose.")],
    out: Annotated[Path | None, typer.Option(help="JSON file.")] = None,
) -> None:
    """Print AUC and nDCG@10 in both settings for each set of weights."""
    from broadsheet.corpus.impressions import read_split
    from broadsheet.evaluation.ranking.fusion import lists_of, requests_of
    from broadsheet.evaluation.report.document import stamp
    from broadsheet.newsroom import Newsroom
    from broadsheet.offline.workbenches import open_bench
    from broadsheet.rerank.signals import fuse
    from broadsheet.tables.files import write_json
    from broadsheet.training.fusion import ranking

    bench = open_bench(Newsroom(newsroom), lambda line: print(line, file=sys.stderr))
    measured = read_split(bench.newsroom, bench.catalogue, split)
    settings = {
        name: lists_of(requests_of(bench, measured, lent=lent))
        for name, lent in (("content-only", False), ("live", True))
    }
    rows = []
    for values in itertools.product(*GRID.values()):
        weights = dict(zip(GRID, values, strict=True))
        found = {}
        for name, lists in settings.items():
            means = ranking(fuse({signal: lists.signals[signal] for signal in weights}, weights), lists)
            found[name] = {metric: means[metric] for metric in ("auc", "ndcg@10")}
        mean = sum(sum(means.values()) for means in found.values()) / len(found)
        rows.append({"weights": weights, **found, "mean": round(mean, 4)})
    rows.sort(key=lambda row: -row["mean"])
    for row in rows:
        print(row)
    if out:
        sizes = {name: len(lists.lengths) for name, lists in settings.items()}
        write_json(out, {**stamp(Path(__file__).parent), "split": split, "impressions": sizes, "grid": rows})


if __name__ == "__main__":
    from command import run

    run(tune)
