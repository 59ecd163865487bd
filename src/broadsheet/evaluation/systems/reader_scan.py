"""A scan of all that a newsroom holds for one reader: for the id, and for the history in its order."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import IO, Any, NamedTuple

import pyarrow as pa

from broadsheet.live.events.store import open_events
from broadsheet.newsroom import Newsroom

_BLOCK = 1 << 24
SHORTEST = 3
"""Articles of a history that are looked for together, at least: of fewer, many readers have the same."""


class Finding(NamedTuple):
    """A place where something of the reader was found."""

    place: str
    "The file, as seen from the newsroom, or the event store."
    what: str
    "`id` or `history`."


def scan(newsroom: Newsroom, user_id: str, history: Sequence[str] = ()) -> list[Finding]:
    """Return every file of a newsroom that holds the id, or the whole history in its order; events of a database too.

    Bytes of files are searched, also those inside gzip, and the values of Arrow, Parquet and SQLite files. Links are
    not followed, since what they lead to inside the newsroom is searched itself. An id that is a word of articles, such
    as `a`, is found in their texts. A history of fewer than SHORTEST articles is not looked for.
    """
    wanted = _patterns(user_id, history if len(history) >= SHORTEST else ())
    found: dict[Finding, None] = {}
    for path in sorted(newsroom.path.rglob("*")):
        name = path.relative_to(newsroom.path).as_posix()
        found |= {Finding(name, what): None for what in _in_text(name.encode(), wanted)}
        if path.is_file() and not path.is_symlink():
            found |= {Finding(name, what): None for part in _contents(path) for what in _in_text(part, wanted)}
    if newsroom.config().events:
        found |= {Finding(*one): None for one in _in_database(newsroom, wanted)}
    return list(found)


def _patterns(user_id: str, history: Sequence[str]) -> dict[bytes, str]:
    """Return what to look for, as bytes, and what each stands for."""
    found = {text.encode(): "id" for text in (user_id, json.dumps(user_id)[1:-1])}
    if history:
        joined = "".join(history)  # as a list lies in an Arrow file
        lists = [json.dumps(list(history), separators=pair)[1:-1] for pair in ((", ", ":"), (",", ":"))]
        found |= {text.encode(): "history" for text in (joined, *lists)}
    return found


def _in_text(content: bytes, wanted: dict[bytes, str]) -> set[str]:
    return {what for pattern, what in wanted.items() if pattern in content}


def _contents(path: Path) -> Iterator[bytes]:
    """Yield a file in blocks that overlap, then what is packed inside it."""
    with path.open("rb") as file:
        yield from _blocks(file)
    with suppress(OSError, EOFError), gzip.open(path) as packed:
        yield from _blocks(packed)
    yield from _of_arrow(path)
    yield from _of_parquet(path)
    yield from _of_sqlite(path)


def _blocks(file: IO[bytes] | gzip.GzipFile) -> Iterator[bytes]:
    before = b""
    while block := file.read(_BLOCK):
        yield before + block
        before = block[-(1 << 16) :]


def _of_arrow(path: Path) -> Iterator[bytes]:
    with suppress(pa.ArrowInvalid, OSError), pa.memory_map(str(path)) as file:
        for number in range((reader := pa.ipc.open_file(file)).num_record_batches):
            yield from _of_columns(reader.get_batch(number).columns)
    with suppress(pa.ArrowInvalid, OSError), pa.memory_map(str(path)) as file:
        for batch in pa.ipc.open_stream(file):
            yield from _of_columns(batch.columns)


def _of_parquet(path: Path) -> Iterator[bytes]:
    from pyarrow import parquet

    with path.open("rb") as file:
        is_parquet = file.read(4) == b"PAR1"
    if is_parquet:
        for batch in parquet.ParquetFile(path).iter_batches():
            yield from _of_columns(batch.columns)


def _of_columns(columns: Sequence[pa.Array]) -> Iterator[bytes]:
    """Yield the texts of columns; those of a list stand together, as in the file."""
    for column in columns:
        while pa.types.is_list(column.type) or pa.types.is_fixed_size_list(column.type):
            column = column.flatten()
        if pa.types.is_struct(column.type):
            yield from _of_columns(column.flatten())
        elif pa.types.is_string(column.type):
            yield "".join(text or "" for text in column.to_pylist()).encode("utf-8", "replace")


def _of_sqlite(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        if file.read(15) != b"SQLite format 3":
            return
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in database.execute(f'SELECT * FROM "{table}"'):
                yield b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in row)


def _in_database(newsroom: Newsroom, wanted: dict[bytes, str]) -> Iterator[tuple[str, str]]:
    with closing(open_events(newsroom, newsroom.config())) as store:
        after = 0
        while len(events := store.after(after)):
            after = events["sequence"][-1].as_py()
            rows: list[dict[str, Any]] = events.drop_columns(["received", "time"]).to_pylist()
            for what in _in_text(json.dumps(rows, ensure_ascii=False).encode(), wanted):
                yield store.name, what
