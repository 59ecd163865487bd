"""Whether training can learn at all: towers without regularisation must find the clicks that they were taught."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from transformers import set_seed

from broadsheet.config.training import TowersConfig
from broadsheet.corpus.impressions import read_impressions
from broadsheet.retrieval.towers.two_towers import TwoTowers
from broadsheet.retrieval.training.examples import BatchMaker, ClickExample
from broadsheet.retrieval.training.fit import fit
from broadsheet.tables.arrays import Vectors
from broadsheet.training.towers import new_model
from broadsheet.workbench.data import EditionData
from broadsheet.workbench.models import EditionModels

ENOUGH = 0.95
"""Recall@10 that a training without regularisation reaches."""


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
        anchor=0.0,
        dropout=0.0,
        history_drop=0.0,
        text_drop=0.0,
        weight_decay=0.0,
    )


def recall_at_10(users: Vectors, articles: Vectors, clicked: Sequence[int]) -> float:
    """Return the share of readers whose click is among the ten best articles, by the nearest interest of each reader.

    Vectors are (readers, interests, dim) and (articles, dim).
    """
    scores = (users @ articles.T).max(1)
    own = scores[np.arange(len(scores)), clicked][:, None]
    return float(((scores > own).sum(1) < 10).mean())


def choose_clicks(data: EditionData, split: str) -> list[ClickExample]:
    """Return one click of each reader with a history, each of another article."""
    chosen: dict[int, ClickExample] = {}
    readers: set[str] = set()
    for one in read_impressions(data.newsroom, data.catalogue, split):
        fresh = [row for row in one.clicked_rows if row not in chosen]
        if one.history_rows and fresh and one.user_id not in readers:
            chosen[fresh[0]] = ClickExample(one.history_rows, fresh[0], name=one.name)
            readers.add(one.user_id)
    return list(chosen.values())


def overfit(data: EditionData, models: EditionModels, items: list[ClickExample]) -> tuple[float, float]:
    """Train the user tower on the items alone; return Recall@10 before and after."""
    settings, history = models.config.towers, models.config.retrieval.history
    vectors, clicked = data.catalogue.vectors.whole(), [item.clicked for item in items]
    set_seed(0)
    model = new_model(data, models, list(items), "frozen")

    def recall(towers: TwoTowers) -> float:
        users = towers.user_tower.eval().encode([vectors[item.history] for item in items])
        return recall_at_10(users, vectors, clicked)

    make = BatchMaker(history=history, negatives=0, next_clicks=0, history_drop=0.0)
    before = recall(model)
    with tempfile.TemporaryDirectory() as folder:
        fit(model, items, make, recall, recipe=settings, seed=0, folder=Path(folder))
    return before, recall(model)
