"""Choose the weights of relevance, tower, popularity and affinity on a split that no result is reported on.

Tries a small grid and prints it; with --out writes JSON. Freshness is left alone: MIND has no publication times.

Example: python scripts/tune_weights.py newsroom --split tune --out benchmarks/weights.json
"""

import itertools
import sys
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

RELEVANCE = (0.0, 1.0)
TOWER = (0.0, 0.5, 1.0, 2.0, 3.0, 4.0)
POPULARITY = (0.0, 0.1, 0.2, 0.3, 0.5)
AFFINITY = (0.0, 0.1, 0.2, 0.4)


def tune(
    newsroom: Annotated[Path, typer.Argument(help="The newsroom's folder.")],
    split: Annotated[str, typer.Option(help="Split whose impressions choose.")],
    out: Annotated[Path | None, typer.Option(help="JSON file.")] = None,
) -> None:
    """Print AUC and nDCG@10 for each set of weights, the best by their sum first."""
    from broadsheet.evaluation import read_split
    from broadsheet.evaluation_bench import open_bench
    from broadsheet.evaluation_report import stamp
    from broadsheet.evaluation_signals import impression_signals
    from broadsheet.metrics import Impressions, ranking_metrics
    from broadsheet.newsroom import Newsroom, write_json
    from broadsheet.rerank.fusion import fuse

    bench = open_bench(Newsroom(newsroom), lambda line: print(line, file=sys.stderr))
    impressions = [impression for impression in read_split(bench, split).impressions if impression.rankable]
    signals = list(impression_signals(bench, impressions))
    clicked = np.array([hit for impression in impressions for hit in impression.clicked], np.bool_)
    offsets = np.cumsum([0, *(len(impression.shown) for impression in impressions)])
    rows = []
    for relevance, tower, popularity, affinity in itertools.product(RELEVANCE, TOWER, POPULARITY, AFFINITY):
        weights = {"relevance": relevance, "tower": tower, "popularity": popularity, "affinity": affinity}
        scores = np.concatenate([fuse(parts, weights | {"freshness": 0.0}) for parts in signals])
        measured = ranking_metrics(Impressions(scores, clicked, offsets))
        means = {name: round(float(np.nanmean(measured[name])), 4) for name in ("auc", "ndcg@10")}
        rows.append({**weights, **means})
    rows.sort(key=lambda row: -(row["auc"] + row["ndcg@10"]))
    for row in rows:
        print(row)
    if out:
        data = {"split": split, "impressions": len(impressions)}
        write_json(out, {**stamp(Path(__file__).parent), **data, "grid": rows})


if __name__ == "__main__":
    from command import run

    run(tune)
