"""Score a prediction file in MIND's submission format against a split's impressions, as MIND's evaluate.py does.

Example: python scripts/score_predictions.py newsroom --split valid --predictions prediction.txt
"""

import sys
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from broadsheet.cli.script import run
from broadsheet.errors import CorpusError
from broadsheet.metrics.mind_submission import read_predictions, score_predictions
from broadsheet.metrics.ranking import mean_scores
from broadsheet.newsroom import Newsroom
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import IMPRESSIONS


def score(
    newsroom: Annotated[Path, typer.Argument(help="The newsroom's folder.")],
    split: Annotated[str, typer.Option(help="Split that the file ranks, such as valid.")],
    predictions: Annotated[Path, typer.Option(help="Lines of `impression_id [rank,rank,…]`.")],
    fill_missing: Annotated[bool, typer.Option(help="Count lines missing at the end as ties.")] = False,
) -> None:
    """Print AUC, MRR, nDCG@5 and nDCG@10 with four decimals, as evaluate.py writes them."""
    path = Newsroom(newsroom).impressions(split)
    if not path.is_file():
        raise CorpusError(f"{path}: no such split. Import it first.")
    values = score_predictions(read_predictions(predictions), read_table(path, IMPRESSIONS), fill_missing=fill_missing)
    names = {"auc": "AUC", "mrr": "MRR", "ndcg@5": "nDCG@5", "ndcg@10": "nDCG@10"}
    for name, mean in mean_scores(values).items():
        print(f"{names[name]}:{mean:.4f}")
    measured = ~np.isnan(values["auc"])
    print(f"{measured.sum():,} of {len(measured):,} impressions; the others lack a click or a miss", file=sys.stderr)


if __name__ == "__main__":
    run(score)
