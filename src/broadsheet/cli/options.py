"""Options that several commands share, and what they print."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from broadsheet.errors import BroadsheetError, InputError
from broadsheet.text import without_controls

Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        help="OURS=THEIRS: what one of our columns is called in the files, such as title=headline. For one file alone: "
        "TABLE.OURS=THEIRS, such as clicks.news_id=article_id. Can be repeated.",
    ),
]


Keep = Annotated[
    str | None,
    typer.Option(
        "--keep",
        help="Columns of the articles that are not ours and are kept for pages and filters: image_url,author,paywall. "
        "Without --keep: the columns that the newsroom keeps already.",
    ),
]


Html = Annotated[
    str,
    typer.Option(
        "--html",
        help="clean: take tags out of the texts of articles, and keep paragraphs. keep: leave tags. Without it, "
        "setting imports.html decides, which is clean.",
        show_default=False,
    ),
]


def read_keep(names: str | None) -> list[str] | None:
    """Return the names of `--keep`, each once, or None without the option; raises InputError for an empty name."""
    if names is None:
        return None
    found = [name.strip() for name in names.split(",")]
    if not all(found):
        raise InputError(f"--keep: found {names!r}, expected names of columns, such as image_url,author,paywall.")
    return list(dict.fromkeys(found))


Quoting = Annotated[
    str,
    typer.Option(
        "--quoting",
        help="How the quotation marks of CSV and TSV are read: double (a mark inside a quoted cell is written twice), "
        "backslash (it stands behind a backslash), none (marks are plain characters), or auto, which tries these.",
    ),
]


def read_columns(pairs: list[str] | None) -> dict[str, str]:
    """Return what `--column` maps, by our name; raises InputError that names each wrong pair."""
    wrong = [pair for pair in pairs or [] if pair.count("=") != 1 or pair.startswith("=") or pair.endswith("=")]
    if wrong:
        found = ", ".join(map(repr, wrong))
        raise InputError(f"--column: found {found}, expected OURS=THEIRS, such as title=headline.")
    columns = dict(pair.split("=") for pair in pairs or [])
    twice = [pair for pair in pairs or [] if columns[pair.split("=")[0]] != pair.split("=")[1]]
    if twice:
        found = ", ".join(f"{pair!r} and '{(key := pair.split('=')[0])}={columns[key]}'" for pair in twice)
        raise InputError(
            f"--column: found {found}, expected each column once. A column that each file calls otherwise is named for "
            "one file: clicks.news_id=article_id."
        )
    return columns


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

Seed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Seed of all random choices.")]


def say(line: object) -> None:
    """Print a line of progress on the error stream, without control characters."""
    typer.echo(without_controls(str(line)), err=True)


def tell(line: object) -> None:
    """Print a result on the standard output, without control characters: names that are stored may have some."""
    typer.echo(without_controls(str(line)))


DEFAULT_ROOM = Path("newsroom")
