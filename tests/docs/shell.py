"""The commands of a page's shell blocks: broadsheet, python scripts/…, curl, export and sqlite3, run by Python."""

import os
import re
import runpy
import shlex
import sqlite3
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from string import Template
from unittest.mock import patch

from fastapi.testclient import TestClient

from broadsheet.cli.app import main
from broadsheet.service import server
from broadsheet.service.security.accounts.keys import LOOKS_EVERY

ROOT = Path(__file__).resolve().parents[2]
NOT_RUN = "Not run by the tests: "
PASSWORD = "four words nobody guesses"
_VARIABLE = re.compile(r"(\w+)=\$\((.+)")


class Shell:
    """Runs the commands of one page, one after another.

    `NAME=$(command)` and `command > file` keep what a command prints. `broadsheet serve` puts the application on the
    air until the page ends, without a port; curl calls it.
    """

    def __init__(self) -> None:
        self.variables = {"PWD": str(Path.cwd())}
        self.service: TestClient | None = None

    def run(self, words: list[str]) -> None:
        """Run the words of one command; AssertionError if it fails, or if it cannot be run by a test."""
        words = [Template(word).safe_substitute(self.variables) for word in words]
        if variable := _VARIABLE.fullmatch(words[0]):
            self.variables[variable[1]] = self._printed(
                [variable[2], *words[1:-1], words[-1].removesuffix(")")]
            ).strip()
        elif words[-2:-1] == [">"]:
            Path(words[-1]).write_text(self._printed(words[:-2]), "utf-8")
        elif words[0] == "export":
            name, value = words[1].split("=", 1)
            os.environ[name] = self.variables[name] = value
        elif words[:2] == ["sqlite3", "-readonly"]:
            _query(*words[2:])
        elif words[0] == "curl":
            self._call(words[1:])
        elif words[:2] == ["broadsheet", "users"]:
            _run_with_password(words)
        else:
            run_command(words)
            if self.service and words[:2] == ["broadsheet", "keys"]:
                time.sleep(2 * LOOKS_EVERY)  # by then the service knows the key

    def _printed(self, words: list[str]) -> str:
        with redirect_stdout(StringIO()) as printed:
            self.run(words)
        return printed.getvalue()

    def _call(self, words: list[str]) -> None:
        assert self.service, "curl has nobody to call: `broadsheet serve newsroom` comes before it"
        parser = ArgumentParser("curl", allow_abbrev=False)
        parser.add_argument("url")
        parser.add_argument("-N", action="store_true")
        parser.add_argument("-H", action="append", default=[])
        parser.add_argument("-X")
        parser.add_argument("-d")
        given = parser.parse_args(words)
        headers = dict(header.split(": ", 1) for header in given.H)
        method = given.X or ("POST" if given.d else "GET")
        answer = self.service.request(method, given.url, content=given.d, headers=headers)
        assert answer.is_success, f"{shlex.join(words)} was answered {answer.status_code}: {answer.text}"
        sys.stdout.write(answer.text + "\n")


@contextmanager
def page_shell() -> Iterator[Shell]:
    """Yield a shell whose service, if a command starts one, ends with the page."""
    shell = Shell()

    def serve(application: str, *, host: str, port: int, **options: object) -> None:
        shell.service = stack.enter_context(TestClient(server.worker(), f"http://{host}:{port}"))

    with ExitStack() as stack:
        stack.enter_context(patch.dict(os.environ))
        stack.enter_context(patch("uvicorn.run", serve))
        yield shell


def _query(file: str, statement: str) -> None:
    with closing(sqlite3.connect(f"{Path(file).absolute().as_uri()}?mode=ro", uri=True)) as database:
        rows = database.execute(statement).fetchall()
    assert rows, f"{statement} found no row in {file}"
    sys.stdout.writelines("|".join(map(str, row)) + "\n" for row in rows)


def _run_with_password(words: list[str]) -> None:
    """Run a command in a session without a terminal, so that its standard input answers what it asks."""
    program = [sys.executable, "-m", "broadsheet", *words[1:]]
    ended = subprocess.run(
        program, input=f"{PASSWORD}\n" * 2, capture_output=True, text=True, start_new_session=True, check=False
    )
    sys.stdout.write(ended.stdout)
    assert ended.returncode == 0, f"{shlex.join(words)} ended with {ended.returncode}: {ended.stderr}"


def run_command(words: list[str]) -> None:
    """Run one command in this process; AssertionError if it fails, or if it cannot be run by a test."""
    script = words[0] == "python" and words[1].startswith("scripts/")
    assert script or words[0] == "broadsheet", f'{words[0]} cannot be run by a test; say why with title="{NOT_RUN}…"'
    before = sys.argv, sys.path[:]
    sys.argv = words[1:] if script else words
    try:
        if script:
            sys.path.insert(0, str(ROOT / "scripts"))
            runpy.run_path(str(ROOT / words[1]), run_name="__main__")
        else:
            main()
    except SystemExit as end:
        if end.code:
            raise AssertionError(f"{shlex.join(words)} ended with {end.code}") from None
    finally:
        sys.argv, sys.path[:] = before
