"""The commands of an operator: build, status, verify, publish, rollback, prune."""

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.options import DEFAULT_ROOM, Room, say
from broadsheet.errors import InputError

operation = typer.Typer()


@operation.command(
    epilog="Example: broadsheet build newsroom --users all   Then: broadsheet run USER --newsroom newsroom"
)
def build(
    newsroom: Room = DEFAULT_ROOM,
    users: Annotated[str, typer.Option(help="active, all, or a file with a user id on each line.")] = "active",
    log_json: Annotated[Path | None, typer.Option(help="Add a line of JSON for each stage to this file.")] = None,
    metrics: Annotated[Path | None, typer.Option(help="Write a Prometheus textfile, such as broadsheet.prom.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write an HTML page on the build.")] = None,
    engine: Annotated[str, typer.Option(help="local, or ray, which needs broadsheet[ray].")] = "local",
    address: Annotated[str | None, typer.Option(help="A Ray cluster: HOST:PORT or auto, else Ray starts here.")] = None,
) -> None:
    """Build and publish tonight's edition; an interrupted build goes on where it was.

    Exit code 3: the edition is out of the bounds of [gate], kept and not published.
    """
    from broadsheet.newsroom import Newsroom
    from broadsheet.operations.build_run import Outputs, run_build
    from broadsheet.operations.engines import choose_engine

    runs = choose_engine(engine, address)
    chosen = users if users in ("active", "all") else _read_ids(Path(users))
    run_build(Newsroom(newsroom), chosen, say, Outputs(log_json, metrics, report), runs)


def _read_ids(path: Path) -> list[str]:
    expected = "Expected active, all, or a UTF-8 file with a user id on each line."
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"--users {path}: {error}. {expected}") from error
    ids = [line.strip() for line in lines if line.strip()]
    if not ids:
        raise InputError(f"--users {path}: found no user id. {expected}")
    return ids


@operation.command(epilog="Example: broadsheet status newsroom")
def status(
    newsroom: Room = DEFAULT_ROOM,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the corpus, what waits for the next build, and the editions."""
    from broadsheet.cli.status import show_status
    from broadsheet.newsroom import Newsroom

    show_status(Newsroom(newsroom), as_json=json)


@operation.command(epilog="Example: broadsheet verify newsroom   Exit code 1 if something is wrong.")
def verify(newsroom: Room = DEFAULT_ROOM) -> None:
    """Check every file of the current edition, and the journal of what was added and withdrawn."""
    from broadsheet.newsroom import Newsroom
    from broadsheet.nightly.verify import verify_edition, verify_journal

    room = Newsroom(newsroom)
    edition = room.current()
    problems = [f"{edition.name}: {problem}" for problem in verify_edition(edition)]
    problems += [f"live: {problem}" for problem in verify_journal(room)]
    for problem in problems:
        say(problem)
    if problems:
        raise typer.Exit(1)
    typer.echo(f"{edition.name}: sound")


@operation.command(epilog="Example: broadsheet publish newsroom 2026-11-23T03-00-00.000000Z")
def publish(
    newsroom: Annotated[Path, typer.Argument(envvar="BROADSHEET_NEWSROOM", help="The newsroom's folder.")],
    edition: Annotated[str, typer.Argument(help="The edition's name, as `broadsheet status` shows it.")],
) -> None:
    """Make an edition current, also one that the gate kept back, once you know that it is meant to be so."""
    from broadsheet.newsroom import Newsroom
    from broadsheet.operations.editions import publish_edition

    typer.echo(f"current is now {publish_edition(Newsroom(newsroom), edition).name}")


@operation.command(epilog="Example: broadsheet rollback newsroom")
def rollback(newsroom: Room = DEFAULT_ROOM) -> None:
    """Go back to the published edition before the current one."""
    from broadsheet.newsroom import Newsroom

    room = Newsroom(newsroom)
    with room.lock():
        typer.echo(f"current is now {room.rollback().name}")


@operation.command(epilog="Example: broadsheet prune newsroom --keep 7")
def prune(
    keep: Annotated[int, typer.Option(help="Newest published editions that stay, and as many kept back.")],
    newsroom: Room = DEFAULT_ROOM,
) -> None:
    """Remove old editions, never the current one, and what killed builds left."""
    from broadsheet.newsroom import Newsroom
    from broadsheet.operations.editions import prune as remove

    for line in remove(Newsroom(newsroom), keep):
        typer.echo(line)
