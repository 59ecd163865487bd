"""Options that several commands share, and what they print."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from broadsheet.errors import BroadsheetError, InputError

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
def as_options(**options: str) -> Iterator[None]:
    """Name arguments as the options that they were given by, in the messages of errors raised inside.

    `with as_options(out="--out")` makes `--out x: is there` of the message `out x: is there`. A name is replaced at the
    beginning of a message, at the beginning of each of several problems, and after a colon or "and".
    """
    try:
        yield
    except BroadsheetError as error:
        before, behind = r"(^|\n  - |: | and )", r"(?= [^\n]*: | \w+=| and |: found|\.$)"  # not `out: no newsroom here`
        names = "|".join(map(re.escape, options))
        said = re.sub(f"{before}({names}){behind}", lambda found: found[1] + options[found[2]], str(error))
        if said == str(error):
            raise
        raise type(error)(said) from error


Room = Annotated[Path, typer.Argument(envvar="BROADSHEET_NEWSROOM", help="The newsroom's folder.")]


def say(line: str) -> None:
    """Print a line of progress on the error stream."""
    typer.echo(line, err=True)


DEFAULT_ROOM = Path("newsroom")
