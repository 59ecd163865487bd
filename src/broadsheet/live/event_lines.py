"""Events as JSON lines: from a file, or from a stream that may go on for days."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from broadsheet.errors import InputError
from broadsheet.importers.files.lines import GZIP_ERRORS, gzip_damage
from broadsheet.live.articles import known_ids
from broadsheet.live.events.event_log import EventLog
from broadsheet.live.events.known import KnownArticles
from broadsheet.live.events.report import LogReport
from broadsheet.live.events.store import open_events
from broadsheet.newsroom import Newsroom
from broadsheet.progress import EVERY, LogLines, track
from broadsheet.readers.forgotten import open_forgotten
from broadsheet.tables.values import SkipRow

BLOCK = 1 << 18
"""Most bytes that are read at once; of a stream that is slow, what is there is logged at once."""
LONGEST_LINE = 1 << 20
NOT_AN_EVENT, HALF = "line is not a JSON object in UTF-8", "half a line at the end"
TOO_LONG = f"line longer than {LONGEST_LINE >> 20} MiB"


def log_file(newsroom: Newsroom, path: Path, report: LogReport) -> None:
    """Log the events of a file of JSON lines, plain or gzip; `report` is added to while it is read.

    Raises NewsroomError if there is no newsroom, InputError if the file cannot be read, CorpusError if a gzip file is
    damaged; events before the damage are taken.
    """
    newsroom.require()
    try:
        size = path.stat().st_size
        with cast(BinaryIO, gzip.open(path)) if path.name.endswith(".gz") else path.open("rb", buffering=0) as file:
            log_stream(newsroom, file, report, blocks=-(-size // BLOCK))
    except GZIP_ERRORS as error:
        raise gzip_damage(path, error) from error
    except OSError as error:
        if error.filename != str(path):
            raise
        raise InputError(f"file {path}: cannot be read ({error.strerror}). Name a file of JSON lines, or -.") from error


def log_stream(newsroom: Newsroom, file: BinaryIO, report: LogReport, blocks: int = 0) -> None:
    """Log the events of a stream of JSON lines until its end; `report` is added to while it is read.

    `blocks` is the number of blocks to be read, if it is known. Raises NewsroomError if there is no newsroom.
    """
    newsroom.require()
    config, known = newsroom.config(), known_ids(newsroom)
    store = open_events(newsroom, config)
    articles, forgotten = KnownArticles(newsroom, lambda: known), open_forgotten(newsroom)
    log = EventLog(store, articles, is_archive=config.clock == "latest", forgotten=forgotten)
    try:
        blocks_read = _lines(file, report)
        for lines in track(blocks_read, "events", total=blocks) if blocks else _telling(blocks_read, report):
            log(_events(lines, report), report)
    finally:
        store.close()


def _telling(blocks: Iterator[list[bytes]], report: LogReport) -> Iterator[list[bytes]]:
    """Yield the blocks of a stream whose length nobody knows, and tell a log now and then what was taken."""
    lines, told = LogLines("events"), time.monotonic()
    for block in blocks:
        yield block
        if time.monotonic() - told >= EVERY:
            told = time.monotonic()
            lines.line(f"{report.taken.total():,} taken, {report.refused.total():,} refused")


def _lines(file: BinaryIO, report: LogReport) -> Iterator[list[bytes]]:
    """Yield the whole lines of each block that can be read at once, and at the end what is left."""
    rest, is_too_long = b"", False
    read = getattr(file, "read1", file.read)
    while block := read(BLOCK):
        *lines, rest = (rest + block).split(b"\n")
        if is_too_long and lines:
            del lines[0]  # the end of a line whose beginning was counted
            is_too_long = False
        if len(rest) > LONGEST_LINE or is_too_long:
            if not is_too_long:
                report.refuse(SkipRow(TOO_LONG))
            rest, is_too_long = b"", True
        yield lines
    if rest.strip() and not is_too_long:
        yield [rest] if _event(rest) is not None else []
        if _event(rest) is None:
            report.refuse(SkipRow(HALF, f"found {rest[-40:]!r} without a line break"))


def _events(lines: list[bytes], report: LogReport) -> Iterator[dict[str, object]]:
    for line in lines:
        if not line or line.isspace():
            continue
        event = _event(line) if len(line) <= LONGEST_LINE else None
        if event is None:
            reason = NOT_AN_EVENT if len(line) <= LONGEST_LINE else TOO_LONG
            report.refuse(SkipRow(reason, f"found {line[:40]!r}"))
        else:
            yield event


def _event(line: bytes) -> dict[str, object] | None:
    try:
        value = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
