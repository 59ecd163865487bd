"""The state of a newsroom: what its corpus holds, what waits for the next build, and its editions."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from broadsheet.errors import BroadsheetError, NewsroomError
from broadsheet.journal import Journal, carried_by, held_by, read_changed_ids
from broadsheet.newsroom import Edition, Newsroom
from broadsheet.schemas import CLICKS, IMPRESSIONS, NEWS, USERS
from broadsheet.tables import read_stamp, read_table

if TYPE_CHECKING:
    from rich.table import Table

_WIDTH = 160
"""Columns of a table that goes to a file or a pipe, so that nothing is folded."""


def show_status(newsroom: Newsroom, *, as_json: bool = False) -> None:
    """Print what the corpus holds, what waits, and the editions; raises NewsroomError if there are no articles."""
    from rich.console import Console

    state = newsroom_state(newsroom)
    if as_json:
        sys.stdout.write(json.dumps(state, indent=2, ensure_ascii=False) + "\n")
        return
    console = Console(width=None if sys.stdout.isatty() else _WIDTH)
    console.print(_corpus_table(newsroom, state), _editions_table(newsroom, state["editions"]))


def newsroom_state(newsroom: Newsroom) -> dict[str, Any]:
    """Return rows of each corpus table, what waits in the journal, and what is known of each edition, newest first.

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
        "corpus": {name: len(read_table(path, schema)) if path.is_file() else 0 for name, path, schema in tables},
        "journal": journal_state(newsroom, current),
        "editions": [edition_state(edition, current=edition == current) for edition in reversed(newsroom.editions())],
    }


def journal_state(newsroom: Newsroom, current: Edition | None) -> dict[str, Any]:
    """Return how many articles were added and withdrawn since the current edition, or since the corpus without one.

    Each article counts once, by the last that was done with it. Where the journal or the manifest cannot be read,
    return the problem.
    """
    try:
        held = held_by(current) if current else carried_by(newsroom.news)
        changes = read_changed_ids(Journal(newsroom).entries(after=held))
    except BroadsheetError as error:
        return {"problem": str(error)}
    return {"added": 0 if changes.added is None else len(changes.added), "withdrawn": len(changes.withdrawn)}


def edition_state(edition: Edition, *, current: bool) -> dict[str, Any]:
    """Return what is known of an edition; of one whose manifest or index cannot be read, its name and the problem."""
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
        "recall": manifest.get("gate", {}).get("figures", {}).get("recall"),
        "seconds": manifest.get("total_seconds", sum(manifest["seconds"].values())),
        "published": published,
        "reasons": reasons,
    }


def _corpus_table(newsroom: Newsroom, state: dict[str, Any]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table("table", "rows", title=Text(f"Corpus of {newsroom.path}"), title_justify="left")
    table.columns[1].justify = "right"
    for name, count in state["corpus"].items():
        table.add_row(name, f"{count:,}")
    table.add_section()
    for name, found in state["journal"].items():
        table.add_row(f"for the next build: {name}", Text(found) if name == "problem" else f"{found:,}")
    return table


def _editions_table(newsroom: Newsroom, states: list[dict[str, Any]]) -> Table:
    from rich.table import Table
    from rich.text import Text

    columns = (
        "edition",
        "",
        "built at",
        "articles",
        "users",
        "index",
        "encoder",
        "recall",
        "size",
        "built in",
        "state",
    )
    table = Table(*columns, title="Editions", title_justify="left")
    for place in (3, 4, 7, 8, 9):
        table.columns[place].justify = "right"
    for place in (0, 1, 2):
        table.columns[place].no_wrap = True
    for state in states:
        table.add_row(*map(Text, _cells(state)))
    table.caption = None if states else Text(f"none yet: broadsheet build {newsroom.path}")
    return table


def _cells(state: dict[str, Any]) -> list[str]:
    mark, size = "current" if state["current"] else "", f"{state['bytes'] / 1e6:.1f} MB"
    if "problem" in state:
        return [state["edition"], mark, *[""] * 6, size, "", state["problem"]]
    recall = "" if state["recall"] is None else f"{state['recall']:.3f}"
    return [
        state["edition"],
        mark,
        f"{state['built_at'][:16].replace('T', ' ')}",
        f"{state['articles']:,}",
        f"{state['users']:,}",
        state["index"],
        f"{state['encoder']} {state['model'][:6]}",
        recall,
        size,
        f"{state['seconds']:.1f} s",
        _how(state),
    ]


def _how(state: dict[str, Any]) -> str:
    how = ("published by hand" if state["reasons"] else "published") if state["published"] else "kept back"
    return ": ".join([how, "; ".join(state["reasons"])]) if state["reasons"] else how
