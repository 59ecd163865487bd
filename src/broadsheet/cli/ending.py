"""How a command ends: an error that the user can mend is one line, and each way to end has its exit code."""

import io
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from broadsheet.cli.options import say
from broadsheet.errors import BroadsheetError, GateError
from broadsheet.garbage import collect_rarely
from broadsheet.tables.files import is_full_disk

FAILED, KEPT, INTERRUPTED = 2, 3, 130
_STOPS = (signal.SIGTERM, signal.SIGHUP)
_GOES_ON = "The same command goes on where this one stopped; an import begins anew."


def run_command(name: str, command: Callable[[], object]) -> NoReturn:
    """Run a command and exit.

    Exit code 2: an error that the user can mend, told in one line. 3: an edition was kept back. 130: interrupted. 143
    or 129: ended by SIGTERM or SIGHUP, after files in work were removed. Any other error is raised.
    """
    collect_rarely()
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    _write_whatever_comes()
    code = _code_of(name, command)
    try:
        sys.stdout.flush()
    except OSError as error:
        say(f"{name}: standard output: {error.strerror}. Nothing else failed.")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the rest of the output has no place to go
        code = code or FAILED
    sys.exit(code)


def _code_of(name: str, command: Callable[[], object]) -> int | str | None:
    try:
        with stopped_by_signals():
            command()
    except GateError as error:
        say(f"{name}: {error}")
        return KEPT
    except BroadsheetError as error:
        say(f"{name}: {error}")
        return FAILED
    except SystemExit as end:
        if end.code in (INTERRUPTED, *(128 + stop for stop in _STOPS)):
            say(f"{name}: stopped. {_GOES_ON}")
        return end.code
    except Exception as error:
        if not (told := _of_the_machine(error)):
            raise
        say(f"{name}: {told}")
        return FAILED
    return 0


def _of_the_machine(error: Exception) -> str:
    """Return an error of the machine, which the user can mend, in a sentence; empty for an error of the program."""
    if is_full_disk(error):
        return f"the disk is full ({error}). Free some space and try again."
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}."
    return ""


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the block as an exit, so that files in work are removed and reports are written.

    A signal that is ignored, as nohup ignores SIGHUP, stays ignored.
    """
    mine = [stop for stop in _STOPS if signal.getsignal(stop) is signal.SIG_DFL]
    for stop in mine:
        signal.signal(stop, _exit)
    try:
        yield
    finally:
        for stop in mine:
            signal.signal(stop, signal.SIG_DFL)


def _exit(number: int, _: FrameType | None) -> None:
    sys.exit(128 + number)


def _write_whatever_comes() -> None:
    r"""Let characters that a stream's encoding lacks be written as \u2019 and such, rather than end the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
