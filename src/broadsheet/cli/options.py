"""Options that several commands share, and what they print."""

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.errors import InputError

Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        help="OURS=THEIRS: what one of our columns is called in the files, such as title=headline. Can be repeated.",
    ),
]


def read_columns(pairs: list[str] | None) -> dict[str, str]:
    """Return what `--column` maps, by our name; raises InputError that names each wrong pair."""
    wrong = [pair for pair in pairs or [] if pair.count("=") != 1 or pair.startswith("=") or pair.endswith("=")]
    if wrong:
        found = ", ".join(map(repr, wrong))
        raise InputError(f"--column: found {found}, expected OURS=THEIRS, such as title=headline.")
    return dict(pair.split("=") for pair in pairs or [])


Room = Annotated[Path, typer.Argument(envvar="BROADSHEET_NEWSROOM", help="The newsroom's folder.")]


def say(line: str) -> None:
    """Print a line of progress on the error stream."""
    typer.echo(line, err=True)


DEFAULT_ROOM = Path("newsroom")
