"""Forgetting a reader: hidden when the call returns, and in no file once the next build has ended.

The call enters the reader into the table forgotten, which every process looks at with each request, and removes what
the reader chose and wrote. What lies in the corpus, the event store, archives and editions, the next build removes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.newsroom import Newsroom
from broadsheet.newsroom.given import given_id
from broadsheet.readers.follows import open_follows
from broadsheet.readers.forgotten import HIDDEN, ForgottenReaders, Model
from broadsheet.readers.mutes import open_mutes
from broadsheet.readers.own_table import OwnTable
from broadsheet.readers.profiles import open_profiles
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.schemas import CLICKS, IMPRESSIONS

_CLICK_LOG = "click log"
"""What the card of a model names as its split where it learned from the table of clicks."""


@dataclass(frozen=True)
class Forgetting:
    """What `forget` did."""

    time: datetime
    "Until when the reader was forgotten, UTC; an act after this time is that of a new reader."
    models: list[Model]
    "The trained models that read clicks of the reader: they stay as they are until they are trained anew."

    def line(self) -> str:
        """Return the same in words."""
        said = f"forgotten until {self.time:%Y-%m-%d %H:%M:%S} UTC; the next build removes the rest from all files"
        if not self.models:
            return f"{said}. No trained model read this reader's clicks."
        names = ", ".join(f"{model['name']} (trained {model['trained_at'][:16]})" for model in self.models)
        return f"{said}. Trained models that read this reader's clicks, and stay until they are trained anew: {names}."


def forget(newsroom: Newsroom, user_id: str) -> Forgetting:
    """Forget a reader; on the disk when the call returns, and true of the next request in every process.

    A reader whom nobody knows can be forgotten too. To forget a reader again moves the time. If the call is killed, the
    reader may be hidden already, and then the next build does the rest. Raises NewsroomError if there is no newsroom,
    InputError for what cannot be an id, ContractError if a table is damaged.
    """
    newsroom.require()
    user_id = given_id(user_id, "user")
    forgotten = ForgottenReaders(newsroom)
    models = models_that_read(newsroom, user_id)
    time = forgotten.add(user_id, models)
    forget_choices(newsroom, user_id)
    forgotten.advance([forgotten.key_of(user_id)], HIDDEN)
    return Forgetting(time, models)


def forget_choices(newsroom: Newsroom, user_id: str) -> None:
    """Remove what a reader wrote, follows and mutes."""
    tables: list[OwnTable[Any]] = [
        open_profiles(newsroom.profiles),
        open_follows(newsroom.follows),
        open_mutes(newsroom.mutes),
    ]
    for table in tables:
        table.change(user_id, lambda _: {})


def models_that_read(newsroom: Newsroom, user_id: str) -> list[Model]:
    """Return the newsroom's trained models whose training read clicks of a reader, by what their cards say.

    A model read them if the reader has a click, or an impression in its split, until the time up to which it learned. A
    model that learned on read the impressions of all splits.
    """
    cards = list(_cards(newsroom))
    if not cards:
        return []
    clicks = _times(newsroom.clicks, CLICKS, user_id)
    by_split = {path.stem: _times(path, IMPRESSIONS, user_id) for path in newsroom.all_impressions()}
    found = []
    for name, card in cards:
        split = card.get("train", {}).get("split")
        times = list(clicks) if split == _CLICK_LOG else list(by_split.get(f"impressions-{split}", []))
        if "learned_on" in card:
            times += [time for split_times in by_split.values() for time in split_times]
        until = datetime.fromisoformat(card.get("learned_until") or card["trained_at"])
        if any(time <= until for time in times):
            found.append({"name": name, "trained_at": str(card["trained_at"])})
    return found


def trained_models(newsroom: Newsroom) -> list[Model]:
    """Return the trained models that the newsroom has now."""
    return [{"name": name, "trained_at": str(card["trained_at"])} for name, card in _cards(newsroom)]


def _cards(newsroom: Newsroom) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the folder and the card of each trained model, also of generations that are kept.

    Links to them, and folders of trainings that are under way, are left out.
    """
    models = newsroom.path / "models"
    for path in sorted([*models.glob("[!.]*/card.json"), *models.glob("[!.]*/*/card.json")]):
        folders = [models / path.relative_to(models).parts[0], path.parent]
        if any(folder.is_symlink() for folder in folders):
            continue
        try:
            card = json.loads(path.read_text("utf-8"))
            datetime.fromisoformat(card["trained_at"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        yield path.parent.relative_to(models).as_posix(), card


def _times(path: Path, schema: pa.Schema, user_id: str) -> list[datetime]:
    if not path.is_file():
        return []
    table = read_table(path, schema).select(["user_id", "time"])
    times: list[datetime] = table.filter(pc.equal(table["user_id"], user_id))["time"].to_pylist()
    return times
