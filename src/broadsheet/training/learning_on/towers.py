"""The user tower learns on, on the article vectors that are there: the news tower stays as it is."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from broadsheet.corpus.impressions import Impression
from broadsheet.tables.files import link_or_copy
from broadsheet.training.learning_on.learned import Learned
from broadsheet.workbench.workbench import Workbench

if TYPE_CHECKING:
    from broadsheet.retrieval.towers.two_towers import TwoTowers
    from broadsheet.retrieval.training.examples import ClickExample


def learn_towers(
    bench: Workbench,
    folder: Path,
    new: Sequence[Impression],
    old: Sequence[Impression],
    held_out: Sequence[Impression],
    seed: int,
) -> Learned:
    """Go on from the user tower of `folder` with the clicks of new and old impressions.

    Raises TrainingError if a loss is no finite number.
    """
    import random

    from broadsheet.retrieval.training.examples import BatchMaker
    from broadsheet.training.learning_on.steps import go_on
    from broadsheet.training.tower_measure import TowersMeasure

    recipe, pace = bench.models.config.towers, bench.models.config.learning
    items, older = _clicks(new), _clicks(old)
    model = _open(bench, folder, [*items, *older])
    measure = TowersMeasure(held_out, history=bench.models.config.retrieval.history, tokenise=None)
    before = np.asarray(measure.scores(model), np.float64)
    make = BatchMaker(
        history=bench.models.config.retrieval.history,
        negatives=recipe.negatives,
        next_clicks=1,
        history_drop=recipe.history_drop,
    )

    def loss(drawn: Sequence[ClickExample]) -> Any:  # noqa: ANN401
        batch = make(drawn)
        del batch["names"]
        return model(**batch)

    random.seed(seed)
    go_on(
        model,
        [*items, *older],
        loss,
        passes=pace.passes,
        batch_size=recipe.batch_size,
        learning_rate=pace.pace * recipe.learning_rate,
        weight_decay=recipe.weight_decay,
        seed=seed,
        section="towers",
    )

    def save(target: Path, card: Mapping[str, Any]) -> None:
        _save(bench, model, folder, target, card)

    return Learned(before, np.asarray(measure.scores(model), np.float64), len(items), len(older), save)


def _clicks(impressions: Sequence[Impression]) -> list[ClickExample]:
    from broadsheet.retrieval.training.examples import ClickExample

    clicked_by: dict[str, set[int]] = {}
    for one in impressions:
        clicked_by.setdefault(one.user_id, set()).update(one.clicked_rows)
    return [
        ClickExample(one.history_rows, row, one.unclicked_rows, others=sorted(clicked_by[one.user_id]), name=one.name)
        for one in impressions
        if one.history_rows
        for row in one.clicked_rows
    ]


def _open(bench: Workbench, folder: Path, items: Sequence[ClickExample]) -> TwoTowers:
    """Return the towers in use, to train; the clicks have no teacher, so the cross-encoder's opinion is left out."""
    from broadsheet.retrieval.towers.trained import load_user_tower
    from broadsheet.training.towers import new_model

    models = bench.models
    tower = load_user_tower(folder, models.encoder, models.news_tower.dim, history=models.config.retrieval.history)
    return new_model(bench.data, models, [*items], "frozen", tower)


def _save(bench: Workbench, model: TwoTowers, former: Path, target: Path, card: Mapping[str, Any]) -> None:
    """Write the folder: that of the towers in use with another user tower."""
    from broadsheet.models.trained_folder import CARD, write_card
    from broadsheet.retrieval.towers.trained import USER_TOWER, write_user_tower

    left = shutil.ignore_patterns(USER_TOWER, CARD)
    shutil.copytree(former, target, ignore=left, copy_function=lambda *paths: link_or_copy(*map(Path, paths)))
    write_user_tower(model.user_tower, target / USER_TOWER)
    write_card(target, card, base=bench.models.encoder)
