"""The commands of an operator: build, status, verify, publish, rollback, prune."""

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.options import DEFAULT_ROOM, Room, as_options, say, tell
from broadsheet.errors import InputError

operation = typer.Typer()


@operation.command(
    epilog="Example: broadsheet build newsroom --users all   Then: broadsheet run USER --newsroom newsroom"
)
def build(
    newsroom: Room = DEFAULT_ROOM,
    users: Annotated[
        str, typer.Option(help="Readers who get a page: active, all, or a file with a reader's id on each line.")
    ] = "active",
    log_json: Annotated[Path | None, typer.Option(help="Append a line of JSON for each stage to this file.")] = None,
    metrics: Annotated[
        Path | None,
        typer.Option(help="Write the figures of the build to this Prometheus textfile, such as broadsheet.prom."),
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write an HTML page about the last builds to this file.")] = None,
    engine: Annotated[
        str, typer.Option(help="local: in this process. ray: on several machines; needs broadsheet[ray] installed.")
    ] = "local",
    address: Annotated[
        str | None,
        typer.Option(help="Ray cluster to build on: HOST:PORT or auto. Without it, Ray is started on this machine."),
    ] = None,
) -> None:
    """Build and publish a new edition. A build that was interrupted goes on where it stopped.

    Exit code 3: the edition does not fulfil the bounds in section [gate] of broadsheet.toml. It is kept, and readers
    see the edition before it.
    """
    from broadsheet.newsroom import Newsroom
    from broadsheet.operations.build_run import Outputs, run_build
    from broadsheet.operations.engines import choose_engine

    chosen = users if users in ("active", "all") else _read_ids(Path(users))
    with as_options(engine="--engine", address="--address", log="--log-json", metrics="--metrics", page="--report"):
        runs = choose_engine(engine, address)
        run_build(Newsroom(newsroom), chosen, say, Outputs(log_json, metrics, report), runs)


def _read_ids(path: Path) -> list[str]:
    expected = "Expected active, all, or a UTF-8 file with a reader's id on each line."
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"--users {path}: {error}. {expected}") from error
    ids = [line.strip() for line in lines if line.strip()]
    if not ids:
        raise InputError(f"--users {path}: found no id in it. {expected}")
    return ids


@operation.command(epilog="Example: broadsheet status newsroom")
def status(
    newsroom: Room = DEFAULT_ROOM,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show how many articles, readers and clicks there are, what waits for the next build, and all editions."""
    from broadsheet.cli.status import show_status
    from broadsheet.newsroom import Newsroom

    show_status(Newsroom(newsroom), as_json=json)


@operation.command(epilog="Example: broadsheet verify newsroom   The exit code is 1 if something is wrong.")
def verify(newsroom: Room = DEFAULT_ROOM) -> None:
    """Check the files of the current edition, the journal, the tables of corpus and readers, and the events."""
    from broadsheet.live.events.soundness import verify_events
    from broadsheet.newsroom import Newsroom
    from broadsheet.nightly.verify import verify_edition, verify_journal, verify_newsroom

    room = Newsroom(newsroom)
    edition = room.current()
    problems = [f"{edition.name}: {problem}" for problem in verify_edition(edition)]
    problems += [f"live: {problem}" for problem in verify_journal(room)]
    problems += verify_newsroom(room) + verify_events(room)
    for problem in problems:
        say(problem)
    if problems:
        raise typer.Exit(1)
    tell(f"{edition.name}: sound")


@operation.command(epilog="Example: broadsheet publish newsroom 2026-11-23T03-00-00.000000Z")
def publish(
    newsroom: Annotated[Path, typer.Argument(envvar="BROADSHEET_NEWSROOM", help="The newsroom's folder.")],
    edition: Annotated[str, typer.Argument(help="The edition's name, as `broadsheet status` shows it.")],
) -> None:
    """Make an edition the current one, even if the gate kept it back. Look at its reasons first: broadsheet status."""
    from broadsheet.newsroom import Newsroom
    from broadsheet.operations.editions import publish_edition

    tell(f"current is now {publish_edition(Newsroom(newsroom), edition).name}")


@operation.command(epilog="Example: broadsheet rollback newsroom")
def rollback(newsroom: Room = DEFAULT_ROOM) -> None:
    """Go back to the published edition before the current one; editions that `verify` would refuse are passed over."""
    from broadsheet.newsroom import Newsroom
    from broadsheet.operations.editions import rollback as go_back

    tell(f"current is now {go_back(Newsroom(newsroom), say).name}")


@operation.command(epilog="Example: broadsheet prune newsroom --keep 7")
def prune(
    keep: Annotated[
        int,
        typer.Option(
            help="How many of the newest published editions to keep. As many that the gate kept back stay, if newer."
        ),
    ],
    newsroom: Room = DEFAULT_ROOM,
) -> None:
    """Remove old editions, and the files that killed builds left. The current edition always stays."""
    from broadsheet.newsroom import Newsroom
    from broadsheet.operations.editions import prune as remove

    with as_options(keep="--keep"):
        removed = remove(Newsroom(newsroom), keep)
    for line in removed:
        tell(line)
