"""Options that several commands share, and what they print."""

from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def option(name: str) -> Iterator[None]:
    """Put an option's name before the message of an InputError that its value causes: `--out x: cannot be made`."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{name} {error}") from error


Room = Annotated[Path, typer.Argument(envvar="BROADSHEET_NEWSROOM", help="The newsroom's folder.")]


def say(line: str) -> None:
    """Print a line of progress on the error stream."""
    typer.echo(line, err=True)


DEFAULT_ROOM = Path("newsroom")
