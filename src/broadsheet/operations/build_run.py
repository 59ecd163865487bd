"""A build as an operator runs it: with a log of JSON lines, a Prometheus textfile and a page of figures."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from broadsheet.errors import BroadsheetError, GateError, InputError, NewsroomError
from broadsheet.newsroom import Edition, Newsroom
from broadsheet.nightly.build import build
from broadsheet.nightly.stage import Engine, Record
from broadsheet.nightly.stages import local_engine
from broadsheet.operations.build_report import write_report
from broadsheet.operations.prometheus import write_metrics
from broadsheet.progress import Say, silent
from broadsheet.tables.named_files import check_writable, is_written_through

FAILED, KEPT, INTERRUPTED = 2, 3, 130
"""Exit codes: the build failed; the edition was kept back; the build was interrupted."""


@dataclass(frozen=True)
class Outputs:
    """The files that report a build. None: that file is not written."""

    log: Path | None = None
    "A log: a line of JSON is appended for each stage, and for the end."
    metrics: Path | None = None
    "A Prometheus textfile, written anew whenever a build ends, well or not."
    page: Path | None = None
    "An HTML page about the last editions, written anew if the build made an edition, even one that was kept back."


def run_build(
    newsroom: Newsroom,
    users: str | Sequence[str],
    say: Say,
    outputs: Outputs,
    engine: Engine = local_engine,
) -> Edition:
    """Build as `build` does and write the report files; raises what `build` raises.

    Raises InputError for a file that cannot be written. All files are tried before the work begins, so that a wrong
    path does not cost a night.
    """
    _try(outputs)
    before, code = {edition.name for edition in newsroom.editions()}, FAILED
    try:
        with _open_log(outputs.log, say) as log:
            try:
                edition = build(newsroom, users, say, log, engine)
            except BaseException as error:
                if _code_of(error) != KEPT:
                    with suppress(OSError):
                        log({"time": _now(), "stage": "failed", "what": f"{type(error).__name__}: {error}"})
                raise
        code = 0
        return edition
    except BaseException as error:
        code = _code_of(error)
        raise
    finally:
        # A disk that is full, say, must not hide why the build failed.
        with suppress(*(() if code == 0 else (OSError, BroadsheetError))):
            _tell(newsroom, outputs, code, before)


def _code_of(error: BaseException) -> int:
    """Return the exit code of a build that ended with an error, an interrupt, or an exit that a signal asked for."""
    if isinstance(error, SystemExit) and isinstance(error.code, int):
        return error.code
    return KEPT if isinstance(error, GateError) else INTERRUPTED if isinstance(error, KeyboardInterrupt) else FAILED


def _try(outputs: Outputs) -> None:
    for name, path in vars(outputs).items():
        if path is None:
            continue
        try:
            check_writable(path)
        except (OSError, ValueError) as error:  # a ValueError: a name with a zero byte
            reason = getattr(error, "strerror", None) or error
            raise InputError(
                f"{name} {path}: cannot be written ({reason}). Name a file that this user may write."
            ) from error


@contextmanager
def _open_log(path: Path | None, say: Say) -> Iterator[Record]:
    """Yield what appends an event to the log.

    A pipe stays open until the build ends, since whoever reads it takes a closed pipe for the end; if nobody reads it
    any more, the build goes on without the log, and says so.
    """
    if path is None:
        yield silent
    elif not is_written_through(path):
        yield lambda event: _append(path, event)
    else:
        if path.is_fifo():
            say(f"log: {path} is a pipe; the build begins once a program reads it")
        with suppress(BrokenPipeError), path.open("w", encoding="utf-8", buffering=1) as pipe:  # closing flushes again
            yield _PipeLog(path, pipe, say)


def _append(path: Path, event: dict[str, Any]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(_line(event))


class _PipeLog:
    def __init__(self, path: Path, pipe: IO[str], say: Say) -> None:
        self._path, self._pipe, self._say, self._is_read = path, pipe, say, True

    def __call__(self, event: dict[str, Any]) -> None:
        try:
            if self._is_read:
                self._pipe.write(_line(event))
        except BrokenPipeError:
            self._is_read = False
            self._say(f"log: nobody reads {self._path} any more; the build goes on without this log")


def _line(event: dict[str, Any]) -> str:
    return json.dumps(event, ensure_ascii=False) + "\n"


def _tell(newsroom: Newsroom, outputs: Outputs, code: int, before: set[str]) -> None:
    made = [edition for edition in newsroom.editions() if edition.name not in before][-1:]
    if outputs.metrics is not None:
        current = None
        with suppress(NewsroomError):
            current = newsroom.current().read_manifest()
        write_metrics(outputs.metrics, code, current, made[0].read_manifest() if made else None)
    if outputs.page is not None and made:
        write_report(newsroom, outputs.page)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
