"""Choose the weights of the signals on a split that no result is reported on, content-only and live.

Tries a grid and prints it, the best first by the mean over both settings of AUC + nDCG@10; with --out writes JSON.
Freshness is left alone: MIND has no publication times.

Example: python scripts/tune_weights.py newsroom --split tune --out benchmarks/results/weights.json
"""

import json
from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.script import open_split, run


def tune(
    newsroom: Annotated[Path, typer.Argument(help="The newsroom's folder.")],
    split: Annotated[str, typer.Option(help="Split whose impressions choose.")],
    out: Annotated[Path | None, typer.Option(help="JSON file.")] = None,
) -> None:
    """Print AUC and nDCG@10 in both settings for each set of weights."""
    from broadsheet.evaluation.ranking.weights import measure_grid
    from broadsheet.tables.named_files import write_named

    document = measure_grid(*open_split(newsroom, split))
    for row in document["grid"]:
        print(row)
    if out:
        write_named(out, json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    run(tune)
