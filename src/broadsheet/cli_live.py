"""The commands `add`, `withdraw`, `mute` and `unmute`. Nothing heavy is imported before a command needs it."""

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli_train import Room
from broadsheet.errors import InputError

Columns = Annotated[list[str] | None, typer.Option("--column", help="OURS=THEIRS: how a column is named in the files.")]


def read_columns(pairs: list[str] | None) -> dict[str, str]:
    """Return the mapping of --column; raises InputError that names each wrong pair."""
    wrong = [pair for pair in pairs or [] if pair.count("=") != 1 or pair.startswith("=") or pair.endswith("=")]
    if wrong:
        found = ", ".join(map(repr, wrong))
        raise InputError(f"--column: found {found}, expected OURS=THEIRS, such as title=headline.")
    return dict(pair.split("=") for pair in pairs or [])


def add(
    newsroom: Room,
    file: Annotated[Path, typer.Argument(help="Articles: CSV, TSV, JSONL or Parquet, also .gz.")],
    column: Columns = None,
) -> None:
    """Add articles between nights, or replace their texts: in every running process from its next request on."""
    from broadsheet.late import add_file
    from broadsheet.newsroom import Newsroom

    typer.echo(add_file(Newsroom(newsroom), file, read_columns(column)))


def withdraw(
    newsroom: Room,
    ids: Annotated[list[str], typer.Argument(help="Ids of articles.")],
) -> None:
    """Withdraw articles: hidden from the next request on, and no longer in the files of the next edition."""
    from broadsheet.late import known_ids, withdraw_articles
    from broadsheet.newsroom import Newsroom

    room = Newsroom(newsroom)
    room.require()
    unknown = withdraw_articles(room, ids, lambda: known_ids(room))
    typer.echo(f"withdrawn: {len(set(ids)):,}")
    if unknown:
        typer.echo(f"of no article that is here, and kept from being imported: {', '.join(unknown)}")


Reader = Annotated[str, typer.Argument(help="The reader's id.")]
Categories = Annotated[list[str] | None, typer.Option("--category", help="A category; may be given again.")]
Sources = Annotated[list[str] | None, typer.Option("--source", help="A source; may be given again.")]


def mute(newsroom: Room, user: Reader, category: Categories = None, source: Sources = None) -> None:
    """Show a reader nothing of some categories and sources, from the next request on; prints all that is muted."""
    from broadsheet.muting import mute as change
    from broadsheet.muting import unknown_names
    from broadsheet.newsroom import Newsroom

    room, categories, sources = Newsroom(newsroom), category or [], source or []
    typer.echo(_muted(user, *change(room, user, categories, sources).of(user)))
    if unknown := unknown_names(room, categories, sources):
        typer.echo(f"of no article that is here: {', '.join(unknown)}")


def unmute(newsroom: Room, user: Reader, category: Categories = None, source: Sources = None) -> None:
    """Let categories and sources in again, all if none is named; prints what stays muted."""
    from broadsheet.muting import unmute as change
    from broadsheet.newsroom import Newsroom

    typer.echo(_muted(user, *change(Newsroom(newsroom), user, category or [], source or []).of(user)))


def _muted(user: str, categories: list[str], sources: list[str]) -> str:
    return f"{user}: categories {', '.join(categories) or 'none'}; sources {', '.join(sources) or 'none'}"
