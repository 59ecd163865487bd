"""The commands `export run | qrels | vectors | reader`. Nothing heavy is imported before a command needs it."""

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.options import DEFAULT_ROOM, Room, as_options, say
from broadsheet.errors import InputError

export = typer.Typer(no_args_is_help=True, help="Write rankings, clicks and vectors for evaluation tools.")

OutFile = Annotated[
    Path,
    typer.Option(help="The file to write: .trec, .txt, .run or .qrels for TREC's format, .json or .parquet for ranx."),
]
AtEdition = Annotated[
    str, typer.Option(help="The edition's name, as `broadsheet status` shows it; the current edition without it.")
]


@export.command("run", epilog="Example: broadsheet export run newsroom --out run.trec")
def export_run(
    newsroom: Room = DEFAULT_ROOM,
    out: OutFile = Path("run.trec"),
    edition: AtEdition = "",
    tag: Annotated[str, typer.Option(help="The last column of TREC's format, which names the run.")] = "broadsheet",
) -> None:
    """Write the rankings of an edition: for each reader the articles, best first, with a score that falls."""
    from broadsheet.newsroom import Newsroom
    from broadsheet.operations.export_lists import export_run as write

    with as_options(out="--out", tag="--tag"):
        say(write(Newsroom(newsroom), out, edition, tag))


@export.command("qrels", epilog="Example: broadsheet export qrels newsroom --hours 24 --out later.qrels")
def export_qrels(
    newsroom: Room = DEFAULT_ROOM,
    out: OutFile = Path("clicks.qrels"),
    edition: AtEdition = "",
    hours: Annotated[float | None, typer.Option(help="The hours after the edition's clock; 24 without it.")] = None,
    split: Annotated[
        str,
        typer.Option(help="Write the clicks of this split of impressions, by impression, in place of later clicks."),
    ] = "",
) -> None:
    """Write what an edition's readers clicked after it, by reader; or, with --split, the clicks of impressions."""
    from broadsheet.newsroom import Newsroom
    from broadsheet.operations.export_lists import export_impressions, export_later_clicks

    if split and (edition or hours is not None):
        raise InputError(
            "--split: found --edition or --hours too, but impressions belong to no edition. Leave out "
            "--split, or leave out --edition and --hours."
        )
    with as_options(out="--out", hours="--hours", split="--split"):
        if split:
            say(export_impressions(Newsroom(newsroom), out, split))
        else:
            say(export_later_clicks(Newsroom(newsroom), out, edition, 24 if hours is None else hours))


@export.command("vectors", epilog="Example: broadsheet export vectors newsroom --out vectors --format parquet")
def export_vectors(
    newsroom: Room = DEFAULT_ROOM,
    out: Annotated[Path, typer.Option(help="The folder to write into.")] = Path("vectors"),
    edition: AtEdition = "",
    kind: Annotated[
        str, typer.Option("--format", help="npy: arrays of numpy, and a text file of ids. parquet: tables.")
    ] = "npy",
) -> None:
    """Write the article and reader vectors of an edition."""
    from broadsheet.newsroom import Newsroom
    from broadsheet.operations.export_vectors import export_vectors as write

    with as_options(out="--out", format="--format"):
        say(write(Newsroom(newsroom), out, edition, kind))


@export.command("reader", epilog="Example: broadsheet export reader newsroom maya-politics --out maya.jsonl")
def export_reader(
    newsroom: Room,
    reader: Annotated[str, typer.Argument(help="The reader's id.")],
    out: Annotated[Path, typer.Option(help="The file to write, JSON lines.")],
) -> None:
    """Write all that is held of a reader to one file, which `broadsheet import reader` takes into another newsroom."""
    from broadsheet.newsroom import Newsroom
    from broadsheet.operations.reader_file import export_reader as write

    with as_options(out="--out"):
        say(write(Newsroom(newsroom), reader, out))
