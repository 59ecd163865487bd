"""The commands of the day: `add`, `withdraw`, `write`, `log`, `mute`, `unmute`, `profile`, `forget`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from broadsheet.cli.options import DEFAULT_ROOM, Columns, Keep, Quoting, Room, as_options, read_columns, read_keep, tell
from broadsheet.errors import InputError
from broadsheet.text import one_line

if TYPE_CHECKING:
    from broadsheet.workbench.interests import Interests


def add(
    newsroom: Room,
    file: Annotated[Path, typer.Argument(help="File of articles: CSV, TSV, JSONL or Parquet; .gz is read too.")],
    column: Columns = None,
    keep: Keep = None,
    quoting: Quoting = "auto",
) -> None:
    """Add articles between two builds, or replace their texts. Running processes see them with the next request.

    Without --keep, the columns that the newsroom keeps already are kept.
    """
    from broadsheet.live.articles import add_file
    from broadsheet.newsroom import Newsroom

    with as_options(column="--column", keep="--keep", quoting="--quoting"):
        kept = read_keep(keep)
        tell(add_file(Newsroom(newsroom), file, read_columns(column), kept, quoting))


def withdraw(
    newsroom: Room,
    ids: Annotated[list[str], typer.Argument(help="Ids of the articles to withdraw.")],
) -> None:
    """Withdraw articles. The next request no longer shows them, and the next edition does not hold them."""
    from broadsheet.live.articles import known_ids, withdraw_articles
    from broadsheet.newsroom import Newsroom

    room = Newsroom(newsroom)
    room.require()
    unknown = withdraw_articles(room, ids, lambda: known_ids(room))
    tell(f"withdrawn: {len(set(ids)):,}")
    if unknown:
        tell(f"not in this newsroom, and refused if they are imported later: {one_line(', '.join(unknown))}")


def write(newsroom: Room = DEFAULT_ROOM) -> None:
    """Write the texts that pages wanted and the edition lacks. The next request of every running process shows them.

    Call it now and then, such as every ten minutes by cron. All calls between two builds share one budget.
    """
    from broadsheet.pipeline import Pipeline

    tell(Pipeline.open(newsroom).write_missing().line)


def log(
    newsroom: Room,
    file: Annotated[Path, typer.Argument(help="File of events as JSON lines; .gz is read too. - is standard input.")],
) -> None:
    """Log what readers did: pages, views, clicks and other acts. Prints what was taken, and why others were refused.

    Events that are sent again are counted once, so that a command that failed can be repeated.
    """
    from broadsheet.live.event_lines import log_file, log_stream
    from broadsheet.live.events.report import LogReport
    from broadsheet.newsroom import Newsroom

    report = LogReport()
    try:
        if file == Path("-"):
            log_stream(Newsroom(newsroom), sys.stdin.buffer, report)
        else:
            log_file(Newsroom(newsroom), file, report)
    except BaseException:  # what was taken before is on the disk, and is told
        if report.taken or report.refused:
            tell(report)
        raise
    tell(report)
    if report.refused and not report.taken:
        raise InputError(f"{file}: not one event was taken. Mend the events and log them again.")


def _without_blanks(user: str) -> str:
    return user.strip(" ")  # as each id is read that comes from outside


Reader = Annotated[str, typer.Argument(help="The reader's id.", callback=_without_blanks)]
Categories = Annotated[list[str] | None, typer.Option("--category", help="A category. Can be repeated.")]
Sources = Annotated[list[str] | None, typer.Option("--source", help="A source. Can be repeated.")]


def mute(newsroom: Room, user: Reader, category: Categories = None, source: Sources = None) -> None:
    """Hide categories and sources from a reader, from the next request on. Prints all that the reader has muted."""
    from broadsheet.live.muting import mute as change
    from broadsheet.newsroom import Newsroom
    from broadsheet.readers.mutes import unknown_names

    room, categories, sources = Newsroom(newsroom), category or [], source or []
    tell(_muted(user, *change(room, user, categories, sources)))
    if unknown := unknown_names(room, categories, sources):
        tell(f"muted, though no article here has it: {one_line(', '.join(unknown))}")


def unmute(newsroom: Room, user: Reader, category: Categories = None, source: Sources = None) -> None:
    """Show a reader muted categories and sources again, all of them if none is given. Prints what stays muted."""
    from broadsheet.live.muting import unmute as change
    from broadsheet.newsroom import Newsroom

    tell(_muted(user, *change(Newsroom(newsroom), user, category or [], source or [])))


def _muted(user: str, categories: list[str], sources: list[str]) -> str:
    return one_line(f"{user}: categories {', '.join(categories) or 'none'}; sources {', '.join(sources) or 'none'}")


_WHOSE = {
    "reader": "the reader's own words",
    "publisher": "from the publisher's users table",
    "history": "from the reading history; it is shown on the page and does not change it",
}


def profile(
    newsroom: Room,
    user: Reader,
    words: Annotated[
        str | None, typer.Option("--set", help="What the reader wants to read about, in the reader's own words.")
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Remove the reader's own words.")] = False,
) -> None:
    """Print what a reader follows. With --set or --clear, the reader's own words are changed first."""
    from broadsheet.newsroom import Newsroom
    from broadsheet.readers.profiles import clear_profile, set_profile
    from broadsheet.workbench.interests import interests_of

    room = Newsroom(newsroom)
    if words is not None and clear:
        raise InputError("--set and --clear: found both, expected one of them. Nothing was changed.")
    if words is not None:
        set_profile(room, user, words)
    if clear:
        clear_profile(room, user)
    tell("\n".join(_interests(user, interests_of(room, user))))


def _interests(user: str, known: "Interests") -> list[str]:
    """Return what a reader follows as lines of text, without control characters."""
    topics = ", ".join(f"{topic.text} ({topic.articles})" for topic in known.topics)
    text, whose = known.following.text, known.following.whose
    return [
        one_line(f"{user}: {topics or 'nothing in common'}, of {known.read} articles read"),
        one_line(f"in force: {text} ({_WHOSE[whose]})") if whose else "in force: none",
    ]


def forget(newsroom: Room, user: Reader) -> None:
    """Forget a reader. The next request knows nothing of the reader; the next build removes the rest from all files.

    Prints which trained models read the reader's clicks. What the reader does later is that of a new reader.
    """
    from broadsheet.newsroom import Newsroom
    from broadsheet.readers.forget import forget as hide

    tell(hide(Newsroom(newsroom), user).line())


Readers = Annotated[list[str] | None, typer.Option("--reader", help="A reader's id. Can be repeated.")]
Everybody = Annotated[bool, typer.Option("--all", help="All readers of the file of addresses.")]


def letter(
    newsroom: Room,
    addresses: Annotated[Path, typer.Option(help="CSV file with the columns user_id and address; nothing is stored.")],
    reader: Readers = None,
    everybody: Everybody = False,
    out: Annotated[Path | None, typer.Option(help="Folder for the letters as .eml files.")] = None,
    smtp: Annotated[str | None, typer.Option(help="Mail server, HOST:PORT, that the letters are sent to.")] = None,
) -> None:
    """Write or send the day's letter: the page of each reader as a mail. A reader gets one letter a day."""
    from broadsheet.letters.run import run_letters

    tell(run_letters(newsroom, addresses, _wanted(reader, everybody), out, smtp))


def push(
    newsroom: Room,
    zones: Annotated[Path | None, typer.Option(help="CSV file with the columns user_id and zone.")] = None,
    reader: Readers = None,
) -> None:
    """Print for each reader one story worth a push, or none, as JSON lines. What is printed counts as pushed."""
    import json

    from broadsheet.letters.run import run_pushes

    for line in run_pushes(newsroom, zones, reader):
        tell(json.dumps(line))


def _wanted(readers: list[str] | None, everybody: bool) -> list[str] | None:
    if bool(readers) == everybody:
        raise InputError("--reader and --all: expected one of them. No letter was made.")
    return readers
