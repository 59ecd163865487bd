"""The newsroom of a simulation: a folder of its own with the articles, readers and settings of its beginning."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from broadsheet.errors import InputError
from broadsheet.evaluation.simulation.world import World
from broadsheet.importers.transaction import Import
from broadsheet.newsroom import Newsroom
from broadsheet.tables.schemas import NEWS
from broadsheet.workbench.data import EditionData

ArticleRow = dict[str, Any]
"""The row of an article, as an import takes it."""
_COLUMNS = [name for name in NEWS.names if name not in ("content_hash", "kept")]


def reader_id(reader: int) -> str:
    """Return the id of a simulated reader by number, from 0."""
    return f"reader-{reader + 1:05d}"


def article_rows(data: EditionData, world: World) -> list[ArticleRow]:
    """Return the rows of all articles with their times in the simulation, None for an article that never comes."""
    rows: list[ArticleRow] = data.catalogue.news.select(_COLUMNS).to_pylist()
    for row, time in zip(rows, world.truth.published_at.tolist(), strict=True):
        row["published_at"] = datetime.fromtimestamp(time, UTC) if np.isfinite(time) else None
    return rows


def stage_newsroom(
    source: Newsroom, into: Newsroom, world: World, articles: Sequence[ArticleRow], policy: str = ""
) -> None:
    """Make a newsroom with the articles before the simulation and its readers, under the settings of another newsroom.

    Its clock is that of an archive. `policy` is that of [exploration]; empty for that of the settings. Models that were
    trained in the source are copied. Raises InputError if the folder is there already, or if the settings have a
    section [exploration] and a policy is named, too.
    """
    if into.path.exists():
        raise InputError(f"{into.path}: found a folder or a file, expected nothing. Name a new folder, or remove it.")
    settings = _settings(source, policy)
    before = np.flatnonzero(world.truth.published_at < world.start).tolist()
    with Import(into) as add:
        add.news(articles[row] for row in before)
        add.users(
            {
                "user_id": reader_id(number),
                "history": [articles[row]["news_id"] for row in rows],
                "profile": "",
                "hidden": [],
            }
            for number, rows in enumerate(world.readers.histories)
        )
    into.config_file.write_text(settings, "utf-8")
    if (source.path / "models").is_dir():
        shutil.copytree(source.path / "models", into.path / "models", symlinks=True, dirs_exist_ok=True)


def _settings(source: Newsroom, policy: str) -> str:
    text = source.config_file.read_text("utf-8") if source.config_file.is_file() else ""
    text = 'clock = "latest"\n' + re.sub(r"(?m)^\s*(?:clock|events)\s*=.*\n?", "", text)
    if not policy:
        return text
    if re.search(r"(?m)^\s*\[exploration", text):
        raise InputError(
            f"{source.config_file}: found a section [exploration], and the policy {policy!r} beside it. Leave one out."
        )
    return f'{text}\n[exploration]\npolicy = "{policy}"\n'
