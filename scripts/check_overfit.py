"""Check that training can learn at all: towers without regularisation must find the clicks they were taught.

Takes some readers of a split, each with a history and a click that no other of them has, trains towers on these clicks
alone, and prints Recall@10 of each reader's own click among all articles of the newsroom.

Example: python scripts/check_overfit.py newsroom --split train --out benchmarks/results
"""

import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from broadsheet.config.training import TowersConfig

if TYPE_CHECKING:
    from broadsheet.retrieval.towers.two_towers import TwoTowers
    from broadsheet.retrieval.training.examples import Example
    from broadsheet.workbench.workbench import Workbench

ENOUGH = 0.95
"""Recall@10 that a training without regularisation reaches."""
FREE = {"anchor": 0.0, "dropout": 0.0, "history_drop": 0.0, "text_drop": 0.0, "weight_decay": 0.0}
"""Settings with which nothing holds the towers back."""


def recipe(epochs: int) -> TowersConfig:
    """Return the settings that overfit: the contrast with the batch's other clicks alone, and nothing against it."""
    return TowersConfig(
        epochs=epochs,
        patience=epochs,
        batch_size=100,
        next_clicks=0,
        negatives=0,
        in_batch=1.0,
        temperature=0.05,
        **FREE,
    )


def recall_at_10(users: np.ndarray, articles: np.ndarray, clicked: Sequence[int]) -> float:
    """Return the share of readers whose click is among the ten best articles, by the nearest interest of each reader.

    Vectors are (readers, interests, dim) and (articles, dim).
    """
    scores = (users @ articles.T).max(1)
    own = scores[np.arange(len(scores)), clicked][:, None]
    return float(((scores > own).sum(1) < 10).mean())


def check(
    newsroom: Annotated[Path, typer.Argument(help="The newsroom's folder.")],
    split: Annotated[str, typer.Option(help="Split whose clicks are learned.")],
    readers: Annotated[int, typer.Option(help="Readers, each with one click.")] = 200,
    epochs: Annotated[int, typer.Option(help="Epochs.")] = 150,
    out: Annotated[Path | None, typer.Option(help="Folder for the JSON.")] = None,
) -> None:
    """Print Recall@10 before and after; exit with 1 if training does not reach what it must."""
    from broadsheet.evaluation.report.document import check_output, stamp
    from broadsheet.newsroom import Newsroom
    from broadsheet.offline.workbenches import prepare_vectors
    from broadsheet.tables.files import write_json

    check_output(out)
    room = Newsroom(newsroom)
    config = room.config()
    config = replace(config, towers=recipe(epochs), retrieval=replace(config.retrieval, towers="untrained"))
    bench = prepare_vectors(room, lambda line: print(line, file=sys.stderr), config)
    items = choose(bench, split)[:readers]
    started = time.perf_counter()
    before, after = overfit(bench, items)
    among = f"{len(items)} readers' own clicks among {len(bench.catalogue)} articles"
    print(f"Recall@10 of {among}: {before:.3f} untrained, {after:.3f} trained for {epochs} epochs")
    if out:
        found = {"untrained": before, "trained": after, "epochs": epochs, "seconds": time.perf_counter() - started}
        data = {"split": split, "readers": len(items), "articles": len(bench.catalogue)}
        write_json(out / "overfit.json", {**stamp(Path(__file__).parent), "data": data, "recall@10": found})
    if after <= ENOUGH:
        sys.exit(f"check_overfit: expected more than {ENOUGH}")


def choose(bench: "Workbench", split: str) -> "list[Example]":
    """Return one click of each reader with a history, each of another article."""
    from broadsheet.corpus.impressions import read_impressions
    from broadsheet.retrieval.training.examples import Example

    chosen: dict[int, Example] = {}
    readers: set[str] = set()
    for one in read_impressions(bench.newsroom, bench.catalogue, split):
        fresh = [row for row in one.clicked_rows if row not in chosen]
        if one.history_rows and fresh and one.user_id not in readers:
            chosen[fresh[0]] = Example(one.history_rows, fresh[0], name=one.name)
            readers.add(one.user_id)
    return list(chosen.values())


def overfit(bench: "Workbench", items: "list[Example]") -> tuple[float, float]:
    """Train the user tower on the items alone; return Recall@10 before and after."""
    from transformers import set_seed

    from broadsheet.retrieval.training.examples import BatchMaker
    from broadsheet.retrieval.training.fit import fit
    from broadsheet.training.towers import new_model

    settings, history = bench.config.towers, bench.config.retrieval.history
    vectors, clicked = bench.catalogue.vectors.whole(), [item.clicked for item in items]
    set_seed(0)
    model = new_model(bench, list(items), "frozen")

    def recall(towers: "TwoTowers") -> float:
        users = towers.user_tower.eval().encode([vectors[item.history] for item in items])
        return recall_at_10(users, vectors, clicked)

    make = BatchMaker(history=history, negatives=0, next_clicks=0, history_drop=0.0)
    before = recall(model)
    with tempfile.TemporaryDirectory() as folder:
        fit(model, items, make, recall, recipe=settings, seed=0, folder=Path(folder))
    return before, recall(model)


if __name__ == "__main__":
    from command import run

    run(check)
