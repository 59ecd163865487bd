"""The commands of the live service: `serve`, `keys`, `users`. Nothing heavy is imported before it needs it."""

import getpass
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from broadsheet.cli.options import Room, say, tell
from broadsheet.errors import InputError, ModelError, NewsroomError
from broadsheet.text import one_line

if TYPE_CHECKING:
    from broadsheet.service.serving.state import State

keys = typer.Typer(no_args_is_help=True, help="API keys of sites: add, list, revoke.")
users = typer.Typer(no_args_is_help=True, help="Editors and operators who sign in: add, list, password, remove.")

KeyName = Annotated[str, typer.Argument(help="A name that says who has the key, such as site.")]
UserName = Annotated[str, typer.Argument(help="The name with which the user signs in.")]
PasswordFile = Annotated[Path | None, typer.Option(help="A file with the password on its first line.")]
PasswordStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from the standard input.")]


def serve(
    newsroom: Room,
    host: Annotated[str, typer.Option(help="The address to listen at; 0.0.0.0 for all.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen at.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes; each opens the models itself.")] = 1,
) -> None:
    """Serve pages, the API, the desk and the operator's view of a newsroom over HTTP, until Ctrl-C or SIGTERM."""
    with _installed():
        from broadsheet.service import server

    server.serve(newsroom, host, port, workers, say)


@keys.command("add", epilog="Example: broadsheet keys add newsroom site --scope pages --scope events")
def add_key(
    newsroom: Room,
    name: KeyName,
    scope: Annotated[
        list[str],
        typer.Option(help="What the key may do: pages, events, articles, readers, desk, operations. Can be repeated."),
    ],
) -> None:
    """Make an API key and print it. It is shown this once: the newsroom keeps only a hash of it."""
    with _state(newsroom) as state:
        from broadsheet.service.security.accounts import keys as table

        made = table.add_key(state, name, scope, _who())
    tell(made)
    say("Keep it where only the site's server can read it. It cannot be shown again.")


@keys.command("list", epilog="Example: broadsheet keys list newsroom")
def list_keys(newsroom: Room) -> None:
    """Show all keys: name, scopes, when each was made, last used and revoked. Their secrets are stored nowhere."""
    with _state(newsroom) as state:
        from broadsheet.service.security.accounts import keys as table

        found = table.all_keys(state)
    rows = [
        (key.name, " ".join(sorted(key.scopes)), _day(key.made), key.used or "never", _day(key.revoked))
        for key in found
    ]
    _print("name scopes made used revoked".split(), rows)


@keys.command("revoke", epilog="Example: broadsheet keys revoke newsroom site")
def revoke_key(newsroom: Room, name: KeyName) -> None:
    """Revoke a key: within a second no running service accepts it."""
    with _state(newsroom) as state:
        from broadsheet.service.security.accounts import keys as table

        table.revoke_key(state, name, _who())
    tell(f"{name}: revoked")


@users.command("add", epilog="Example: broadsheet users add newsroom ann --role editor")
def add_user(
    newsroom: Room,
    name: UserName,
    role: Annotated[str, typer.Option(help="editor: the desk. operator: all.")],
    password_file: PasswordFile = None,
    password_stdin: PasswordStdin = False,
) -> None:
    """Make a user, with a password that is asked for, or read from a file or the standard input."""
    with _state(newsroom) as state:
        from broadsheet.service.security.accounts import users as table

        table.add_user(state, name, role, _password(password_file, password_stdin), _who())
    tell(f"{name}: {role}")


@users.command("list", epilog="Example: broadsheet users list newsroom")
def list_users(newsroom: Room) -> None:
    """Show all users: name, role, and when each was made."""
    with _state(newsroom) as state:
        from broadsheet.service.security.accounts import users as table

        found = table.all_users(state)
    _print(["name", "role", "made"], [(user.name, user.role, _day(user.made)) for user in found])


@users.command("password", epilog="Example: broadsheet users password newsroom ann")
def change_password(
    newsroom: Room, name: UserName, password_file: PasswordFile = None, password_stdin: PasswordStdin = False
) -> None:
    """Change a user's password, and sign the user out everywhere."""
    with _state(newsroom) as state:
        from broadsheet.service.security.accounts import users as table

        table.set_password(state, name, _password(password_file, password_stdin), _who())
    tell(f"{name}: password changed")


@users.command("remove", epilog="Example: broadsheet users remove newsroom ann")
def remove_user(newsroom: Room, name: UserName) -> None:
    """Remove a user, and sign the user out everywhere."""
    with _state(newsroom) as state:
        from broadsheet.service.security.accounts import users as table

        table.remove_user(state, name, _who())
    tell(f"{name}: removed")


@contextmanager
def _installed() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        raise ModelError(f'{error.name} is not installed. Install it: pip install "broadsheet[serve]".') from error


@contextmanager
def _state(folder: Path) -> Iterator["State"]:
    """Yield the service's database of a newsroom; raises NewsroomError if the folder holds no newsroom."""
    from broadsheet.newsroom import Newsroom
    from broadsheet.service.serving.state import State

    newsroom = Newsroom(folder)
    if not newsroom.news.is_file():
        raise NewsroomError(f"{folder}: no newsroom here. Import articles first: broadsheet import --help")
    with _installed():
        state = State(newsroom)
        try:
            yield state
        finally:
            state.close()


def _password(file: Path | None, stdin: bool) -> str:
    if file is not None and stdin:
        raise InputError("--password-file and --password-stdin: found both, expected one of them.")
    if stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if file is None:
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    try:
        return (file.read_text("utf-8").splitlines() or [""])[0]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"--password-file {file}: {error}. Expected a UTF-8 file.") from error


def _who() -> str:
    """Return who works on the command line, for the audit log."""
    try:
        return f"command line ({getpass.getuser()})"
    except (KeyError, OSError):  # a container's user without a name
        return "command line"


def _day(seconds: int | None) -> str:
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).date().isoformat()


def _print(columns: list[str], rows: Sequence[tuple[str, ...]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns)
    for row in rows:
        table.add_row(*(Text(one_line(cell)) for cell in row))
    Console().print(table)
