"""The state of a newsroom: what its corpus holds, what waits for the next build, and its editions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from broadsheet.errors import BroadsheetError, NewsroomError
from broadsheet.newsroom import Edition, Newsroom
from broadsheet.newsroom.journal import Journal, carried_by, held_by
from broadsheet.newsroom.learned import last_decision
from broadsheet.operations.events_state import events_state
from broadsheet.readers.forget import trained_models
from broadsheet.readers.forgotten import ForgottenReaders
from broadsheet.tables.arrow_files import read_stamp, read_table
from broadsheet.tables.schemas import CLICKS, IMPRESSIONS, NEWS, USERS

WIDTH = 160
"""Columns of a table that is written to a file or a pipe, wide enough that no line is folded."""


def newsroom_state(newsroom: Newsroom) -> dict[str, Any]:
    """Return how much the corpus holds, what waits in the journal, and each edition's figures, newest first.

    `learning` is the last decision of `broadsheet learn`, None if there is none. `events` is what `events_state` says.
    `forgotten` is what `forgotten_state` says.
    `corpus` has the rows of each table, and how many readers clicked. `settings_problem` is what is wrong with
    broadsheet.toml, as a build would say it; None if nothing is wrong.
    Raises NewsroomError if there are no articles.
    """
    newsroom.require()
    current: Edition | None = None
    with suppress(NewsroomError):
        current = newsroom.current()
    tables = [("articles", newsroom.news, NEWS), ("users", newsroom.users, USERS), ("clicks", newsroom.clicks, CLICKS)]
    splits = newsroom.all_impressions()
    tables += [(f"impressions, {path.stem.removeprefix('impressions-')}", path, IMPRESSIONS) for path in splits]
    return {
        "newsroom": str(newsroom.path),
        "corpus": {
            **{name: len(read_table(path, schema)) if path.is_file() else 0 for name, path, schema in tables},
            "readers with clicks": _readers_with_clicks(newsroom),
        },
        "learning": last_decision(newsroom),
        "settings_problem": _settings_problem(newsroom),
        "journal": journal_state(newsroom, current),
        "events": events_state(newsroom),
        "forgotten": forgotten_state(newsroom),
        "editions": list(_edition_states(newsroom, current)),
    }


def forgotten_state(newsroom: Newsroom) -> dict[str, Any]:
    """Return how many readers were forgotten, how many wait for a build, and which models read clicks of any of them.

    A model that was trained anew since is left out. If the table cannot be read, the problem is returned.
    """
    try:
        forgotten = ForgottenReaders(newsroom)()
    except BroadsheetError as error:
        return {"problem": str(error)}
    there = trained_models(newsroom) if forgotten.models() else []
    models = [model for model in forgotten.models() if model in there]
    return {"readers": len(forgotten), "waiting": len(forgotten.pending()), "models": models}


def forgotten_line(state: dict[str, Any]) -> str:
    """Return the same as a sentence; empty if no reader was forgotten."""
    if "problem" in state:
        return f"Forgotten readers: {state['problem']}"
    if not state["readers"]:
        return ""
    waiting = state["waiting"]
    said = (
        f"Forgotten readers: {state['readers']:,}, of whom {waiting:,} wait{'s' * (waiting == 1)} for the next build."
    )
    names = ", ".join(f"{model['name']} (trained {model['trained_at'][:16]})" for model in state["models"])
    return f"{said} Trained models that read clicks of forgotten readers: {names}." if names else said


def _readers_with_clicks(newsroom: Newsroom) -> int:
    """Return how many readers the click log names; table `users` has only those whom an import of readers named."""
    if not newsroom.clicks.is_file():
        return 0
    readers = pc.unique(read_table(newsroom.clicks, CLICKS)["user_id"])
    return len(readers.filter(pc.not_equal(readers, "")))


def _settings_problem(newsroom: Newsroom) -> str | None:
    try:
        newsroom.config()
    except BroadsheetError as error:
        return str(error)
    return None


def _edition_states(newsroom: Newsroom, current: Edition | None) -> Iterator[dict[str, Any]]:
    for edition in reversed(newsroom.editions()):
        with suppress(FileNotFoundError):  # an edition that a pruning removes meanwhile
            yield edition_state(edition, current=edition == current)


def journal_state(newsroom: Newsroom, current: Edition | None) -> dict[str, Any]:
    """Return how many articles were added and withdrawn since the current edition; without one, since the last import.

    An article counts once, by the last change of it. If the journal or the manifest cannot be read, the problem is
    returned.
    """
    try:
        held = held_by(current) if current else carried_by(newsroom.news)
        changes = Journal(newsroom).changed_ids(after=held)
    except BroadsheetError as error:
        return {"problem": str(error)}
    return {"added": 0 if changes.added is None else len(changes.added), "withdrawn": len(changes.withdrawn)}


def edition_state(edition: Edition, *, current: bool) -> dict[str, Any]:
    """Return the figures of an edition. If its manifest or index cannot be read, return its name and the problem."""
    # A hard link to a file of the corpus or of another edition takes no space of its own.
    files = [path.stat() for path in edition.path.iterdir() if path.is_file()]
    state = {
        "edition": edition.name,
        "current": current,
        "bytes": sum(file.st_size for file in files),
        "bytes_of_its_own": sum(file.st_size for file in files if file.st_nlink == 1),
    }
    try:
        manifest = edition.read_manifest()
        kind = read_stamp(edition.index_rows).get("kind", "")
    except BroadsheetError as error:
        return state | {"problem": str(error)}
    reasons, published = manifest.get("reasons", []), manifest.get("published", True)
    return state | {
        "built_at": manifest["built_at"],
        "articles": manifest["counts"]["news"],
        "users": manifest["counts"]["users"],
        "expired": manifest["counts"].get("expired", 0),
        "index": kind,
        "encoder": Path(manifest["models"]["encoder"]).name,
        "model": manifest["models"]["news_tower"],
        "reads": manifest.get("reads", {}).get("why", ""),
        "own_parts": manifest.get("own_parts", {}),
        "recall": manifest.get("gate", {}).get("figures", {}).get("recall"),
        "seconds": manifest.get("total_seconds", sum(manifest["seconds"].values())),
        "published": published,
        "reasons": reasons,
    }
