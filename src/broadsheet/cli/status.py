"""Printing the status of a newsroom, as tables or as JSON."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from broadsheet.cli.printing import print_json
from broadsheet.newsroom import Newsroom
from broadsheet.operations.events_state import events_line
from broadsheet.operations.status import WIDTH, forgotten_line, newsroom_state
from broadsheet.text import one_line

if TYPE_CHECKING:
    from rich.table import Table


def show_status(newsroom: Newsroom, *, as_json: bool = False) -> None:
    """Print the sizes of the corpus and the journal, the editions, and what is wrong with the settings.

    Raises NewsroomError for an empty corpus.
    """
    from rich.console import Console
    from rich.text import Text

    state = newsroom_state(newsroom)
    if as_json:
        print_json(state)
        return
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    console.print(_corpus_table(newsroom, state), _editions_table(newsroom, state["editions"]))
    for edition in state["editions"]:
        if edition["current"] and edition.get("reads"):
            console.print(Text(one_line(edition["reads"])))
    console.print(Text(one_line(events_line(state["events"]))))
    if line := forgotten_line(state["forgotten"]):
        console.print(Text(one_line(line)))
    if state["learning"]:
        console.print(Text(one_line(_last_learning(state["learning"]))))
    if state["settings_problem"]:
        console.print("Settings: builds, trainings and pages stop with this error.")
        console.print(Text("\n".join(one_line(line) for line in state["settings_problem"].splitlines())))


def _last_learning(decision: dict[str, Any]) -> str:
    """Return the last decision of `broadsheet learn` as a sentence."""
    if "undone" in decision:
        return f"Learning on, {decision['at']}: {', '.join(decision['undone'])} taken back."
    return f"Learning on, {decision['at']}: {decision['why']}"


def _corpus_table(newsroom: Newsroom, state: dict[str, Any]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table("table", "rows", title=Text(one_line(f"Corpus of {newsroom.path}")), title_justify="left")
    table.columns[1].justify = "right"
    for name, count in state["corpus"].items():
        table.add_row(name, f"{count:,}")
    table.add_section()
    for name, found in state["journal"].items():
        table.add_row(f"for the next build: {name}", Text(one_line(found)) if name == "problem" else f"{found:,}")
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
        table.add_row(*(Text(one_line(cell)) for cell in _cells(state)))
    table.caption = None if states else Text(one_line(f"none yet: broadsheet build {newsroom.path}"))
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
