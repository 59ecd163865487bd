"""The champions: the models in use that can learn on, and why others cannot."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from broadsheet.errors import ModelError, join_problems
from broadsheet.models.trained_folder import CARD, stands
from broadsheet.newsroom import Newsroom
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import IMPRESSIONS
from broadsheet.workbench.workbench import Workbench


@dataclass(frozen=True)
class Champion:
    """A model in use."""

    folder: Path
    "The folder of its weights."
    card: Mapping[str, Any]
    until: datetime | None
    "The time of the last impression that it learned from; None for a model of the package, and where it is unknown."


def find_champions(bench: Workbench) -> tuple[dict[str, Champion], list[str]]:
    """Return the models in use that can learn on, by name, and a clause for each that is not there.

    The names are towers, attention and fusion. Raises ModelError, with all that is wrong, if a model of the newsroom's
    own is of another encoder or shape than the settings say: its weights cannot go on.
    """
    models, newsroom = bench.models, bench.data.newsroom
    _require_fitting(bench)
    folders = {
        "towers": models.towers,
        "attention": models.attention_folder,
        "fusion": newsroom.fusion.resolve() if models.fusion else None,
    }
    missing = [f"there is no model {name!r} in use, so it does not learn" for name, path in folders.items() if not path]
    return {name: _read(newsroom, path) for name, path in folders.items() if path}, missing


def _require_fitting(bench: Workbench) -> None:
    models, newsroom = bench.models, bench.data.newsroom
    settings, problems = models.config, []
    setting = settings.retrieval.towers
    if setting not in ("auto", "untrained"):
        problems.append(
            f'[retrieval] towers = "{setting}" names a folder of its own, and learning on changes those in '
            f'{newsroom.path / "models"}. Set it to "auto"'
        )
    elif models.towers is not None:
        shape, recipe = _card(models.towers).get("user_tower", {}), settings.towers
        problems += [
            f"{models.towers}: found user towers with {name} {shape.get(name)}, and [towers] {name} = {wanted} in "
            "broadsheet.toml: learning on cannot change their shape. Train them anew with `broadsheet train towers`, "
            f"or set {name} = {shape.get(name)}"
            for name, wanted in (("interests", recipe.interests), ("layers", recipe.layers))
            if shape.get(name) != wanted
        ]
    if models.attention_folder is None and stands(newsroom.attention):
        problems.append(
            f"{newsroom.attention}: the attentive scorer learned from the article vectors of another encoder or of "
            "other towers, so it cannot learn on. Train it anew with `broadsheet train attention`"
        )
    if problems:
        raise ModelError(f"{join_problems(problems)}.")


def _read(newsroom: Newsroom, folder: Path) -> Champion:
    card = _card(folder)
    return Champion(folder, card, _until(newsroom, card))


def _card(folder: Path) -> dict[str, Any]:
    card: dict[str, Any] = json.loads((folder / CARD).read_text("utf-8"))
    return card


def _until(newsroom: Newsroom, card: Mapping[str, Any]) -> datetime | None:
    """Return what the card says; a card of an earlier version names only the split that was learned from."""
    said = card.get("learned_until")
    if isinstance(said, str):
        return datetime.fromisoformat(said).astimezone(UTC)
    split = card.get("train", {}).get("split")
    if "licence" in card or not isinstance(split, str) or split == "click log":
        return None  # a model of the package learned from other readers
    path = newsroom.impressions(split)
    if not path.is_file():
        return None
    last: datetime | None = pc.max(read_table(path, IMPRESSIONS)["time"]).as_py()
    return last
