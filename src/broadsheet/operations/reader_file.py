"""All that a newsroom holds of a reader, as a file of JSON lines.

The first line names the reader and the version of the format. Each further line is a row of a table: `users`, `clicks`,
`impressions` (with its `split`), `mutes`, `follows`, `profiles`, `events` (`in_corpus` says whether a build has carried
the event into the corpus), and `service` (with the `name` of a table of the service's own database). The reader's lists
and vectors in editions are made of these rows and are not among them.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.errors import InputError, NewsroomError
from broadsheet.live.events.acts import happened
from broadsheet.live.events.archive import archived_days
from broadsheet.live.events.held import held_by_corpus
from broadsheet.live.events.store import open_events
from broadsheet.newsroom import Newsroom
from broadsheet.newsroom.given import given_id, require_outside
from broadsheet.newsroom.service_folder import service_folder
from broadsheet.nightly.forgetting.service_state import MADE, OWNERS
from broadsheet.readers.forgotten import Forgotten, ForgottenReaders
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.event_schemas import EVENTS
from broadsheet.tables.live_schemas import FOLLOWS, MUTES, PROFILES
from broadsheet.tables.named_files import write_named
from broadsheet.tables.schemas import CLICKS, IMPRESSIONS, USERS

VERSION = 1
FORMAT = "reader"
"""What the first line has under the key `broadsheet`."""
Row = dict[str, Any]


def export_reader(newsroom: Newsroom, user_id: str, out: Path) -> str:
    """Write all that is held of a reader to the file `out`, and return a line on it; raises as `reader_lines` does.

    Raises InputError too for a file that lies among the editions.
    """
    require_outside(newsroom, out)
    lines = list(reader_lines(newsroom, user_id))
    write_named(out, "".join(lines))
    return f"{out}: {len(lines) - 1:,} rows on a reader"


def reader_lines(newsroom: Newsroom, user_id: str) -> Iterator[str]:
    """Yield the lines of a reader's file, each with its end; of a reader whom nobody knows the first line alone.

    Raises NewsroomError if there is no newsroom or the event store cannot be read, InputError for what cannot be an id,
    ContractError if a table is damaged.
    """
    newsroom.require()
    user_id = given_id(user_id, "user")
    now = datetime.now(UTC)
    yield _line({"broadsheet": FORMAT, "version": VERSION, "user_id": user_id, "exported_at": now})
    for row in _rows(newsroom, user_id, ForgottenReaders(newsroom)()):
        yield _line(row)


def read_reader(path: Path) -> tuple[str, list[Row]]:
    """Return the reader of a file and its further lines; raises InputError if it is not such a file."""
    try:
        lines = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise InputError(f"file {path}: cannot be read as JSON lines ({error}). {_EXPECTED}") from error
    if not lines or not all(isinstance(line, dict) for line in lines) or lines[0].get("broadsheet") != FORMAT:
        raise InputError(f"file {path}: its first line does not say that it is the file of a reader. {_EXPECTED}")
    if lines[0].get("version") != VERSION:
        raise InputError(f"file {path}: found version {lines[0].get('version')!r}, expected {VERSION}. {_EXPECTED}")
    wrong = [one for one in lines[1:] if not (isinstance(one.get("table"), str) and isinstance(one.get("row"), dict))]
    if wrong:
        raise InputError(f"file {path}: found {json.dumps(wrong[0])[:80]}, expected a table and a row. {_EXPECTED}")
    return given_id(lines[0].get("user_id"), "user_id"), lines[1:]


_EXPECTED = "Expected what `broadsheet export reader` wrote."


def history_in(path: Path) -> list[str]:
    """Return the articles that the reader of a file read: the longest of the history and of the clicks."""
    _, lines = read_reader(path)
    histories = [line["row"]["history"] for line in lines if line["table"] == "users"]
    clicks = [line["row"]["news_id"] for line in lines if line["table"] == "clicks"]
    return max([*histories, clicks], key=len)


def _rows(newsroom: Newsroom, user_id: str, forgotten: Forgotten) -> Iterator[Row]:
    until = forgotten.until(user_id)
    if until is None:
        yield from _of_table("users", newsroom.users, USERS, user_id)
    tables: list[tuple[Row, Path, pa.Schema]] = [({"table": "clicks"}, newsroom.clicks, CLICKS)]
    for path in newsroom.all_impressions():
        of_split = {"table": "impressions", "split": path.stem.removeprefix("impressions-")}
        tables.append((of_split, path, IMPRESSIONS))
    for of_table, path, schema in tables:
        for found in _of_table("", path, schema, user_id):
            if not forgotten.covers(user_id, found["row"]["time"]):
                yield of_table | {"row": found["row"]}
    for name, path, schema in (
        ("mutes", newsroom.mutes, MUTES),
        ("follows", newsroom.follows, FOLLOWS),
        ("profiles", newsroom.profiles, PROFILES),
    ):
        yield from _of_table(name, path, schema, user_id)
    held = held_by_corpus(newsroom)
    for event in _events(newsroom, user_id):
        if not forgotten.covers(user_id, happened(event)):
            yield {"table": "events", "in_corpus": event["sequence"] <= held, "row": event}
    yield from _of_service(newsroom, user_id, forgotten)


def _of_table(name: str, path: Path, schema: pa.Schema, user_id: str) -> Iterator[Row]:
    if path.is_file():
        table = read_table(path, schema)
        for row in table.filter(pc.equal(table["user_id"], user_id)).to_pylist():
            yield {"table": name, "row": row}


def _events(newsroom: Newsroom, user_id: str) -> Iterator[Row]:
    """Yield the reader's events of the archive and of the store, each once, with those on the reader's pages."""
    seen: set[int] = set()
    pages: list[str] = []
    for path in archived_days(newsroom):
        table = read_table(path, EVENTS)
        is_own = pc.equal(table["user_id"], user_id)
        pages += table.filter(pc.and_(is_own, pc.equal(table["kind"], "page")))["page_id"].to_pylist()
        on_pages = pc.is_in(table["page_id"], value_set=pa.array(pages, pa.string()))
        for event in table.filter(pc.or_(is_own, on_pages)).to_pylist():
            seen.add(event["sequence"])
            yield event
    with closing(open_events(newsroom, newsroom.config())) as store:
        for event in store.all_of(user_id).to_pylist():
            if event["sequence"] not in seen:
                yield event


def _of_service(newsroom: Newsroom, user_id: str, forgotten: Forgotten) -> Iterator[Row]:
    """Yield the rows of the service's own database whose column `user_id` or `reader` is the reader."""
    until = forgotten.until(user_id)
    since = -math.inf if until is None else until.timestamp()
    path = service_folder(newsroom) / "state.sqlite"
    if not path.is_file():
        return
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                columns = [row[1] for row in database.execute(f'PRAGMA table_info("{table}")')]
                for column in (name for name in OWNERS if name in columns):
                    for row in database.execute(f'SELECT * FROM "{table}" WHERE "{column}" = ?', (user_id,)):
                        if max([row[name] for name in MADE if name in columns], default=0) > since:
                            yield {"table": "service", "name": table, "row": dict(row)}
    except sqlite3.Error as error:
        raise NewsroomError(f"{path}: cannot be read ({error}). Restore it from a backup.") from error


def _line(row: Row) -> str:
    return json.dumps(row, ensure_ascii=False, default=_as_text) + "\n"


def _as_text(value: object) -> str:
    write: Callable[[], str] | None = getattr(value, "isoformat", None)
    return write() if write else value.hex() if isinstance(value, bytes) else str(value)
