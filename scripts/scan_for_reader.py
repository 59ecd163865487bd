"""Look through everything that a newsroom holds for one reader, as after the reader was forgotten.

Usage: python scripts/scan_for_reader.py NEWSROOM READER [--export FILE]

FILE is what `broadsheet export reader` wrote before: it names the history to look for. The exit code is 1 if anything
was found.
"""

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.evaluation.systems.reader_scan import scan
from broadsheet.newsroom import Newsroom
from broadsheet.operations.reader_file import history_in


def main(
    newsroom: Annotated[Path, typer.Argument(help="The newsroom's folder.")],
    reader: Annotated[str, typer.Argument(help="The reader's id.")],
    export: Annotated[Path | None, typer.Option(help="The reader's export, which names the history.")] = None,
) -> None:
    """Print each place where the id or the history was found."""
    found = scan(Newsroom(newsroom), reader, history_in(export) if export else ())
    for place, what in found:
        typer.echo(f"{place}: {what}")
    typer.echo(f"{len(found)} places" if found else "nothing found")
    raise typer.Exit(1 if found else 0)


if __name__ == "__main__":
    typer.run(main)
