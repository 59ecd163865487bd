"""Taking a reader's file into another newsroom: what the corpus held, what the reader chose, and the latest events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from broadsheet.errors import CorpusError
from broadsheet.importers.report import ImportReport
from broadsheet.importers.transaction import Import
from broadsheet.live.articles import known_ids
from broadsheet.live.events.checks import CHECKS
from broadsheet.live.events.event_log import EventLog
from broadsheet.live.events.kinds import FOLLOWED
from broadsheet.live.events.known import KnownArticles
from broadsheet.live.events.report import LogReport
from broadsheet.live.events.store import open_events
from broadsheet.newsroom import Newsroom
from broadsheet.operations.reader_file import Row, read_reader
from broadsheet.readers.follows import open_follows
from broadsheet.readers.forgotten import open_forgotten
from broadsheet.readers.mutes import mute
from broadsheet.readers.profiles import set_profile
from broadsheet.tables.values import SkipRow


@dataclass
class ReaderImport:
    """The account of a reader's file."""

    corpus: ImportReport | None
    "What came into the corpus; None if the file has no row for it."
    events: LogReport = field(default_factory=LogReport)
    "Events that no build had carried into the corpus, and that were logged here."
    choices: int = 0
    "How many of the reader's words, follows and mutes were taken."

    def __str__(self) -> str:
        """Write the account as plain text."""
        lines = [str(self.corpus)] if self.corpus else []
        return "\n".join([*lines, f"the reader's own words and choices: {self.choices:,}", f"events {self.events}"])


def import_reader(newsroom: Newsroom, path: Path) -> ReaderImport:
    """Take a reader's file, as `export_reader` writes it, into a newsroom that has the articles.

    Rows are checked as in every import. Of the events, those that were in the corpus are in the clicks and impressions
    already; the others are logged, whatever their age. Of a reader who was forgotten here, nothing from before is
    taken. Raises InputError if the file is no such file, CorpusError if the newsroom has none of the articles.
    """
    newsroom.require()
    user_id, lines = read_reader(path)
    report = ReaderImport(_take_corpus(newsroom, user_id, lines))
    if open_forgotten(newsroom)().until(user_id) is None:
        report.choices = sum(_take_choice(newsroom, user_id, line) for line in lines)
    _log(newsroom, [line["row"] for line in lines if line["table"] == "events" and not line.get("in_corpus")], report)
    return report


def _take_corpus(newsroom: Newsroom, user_id: str, lines: Sequence[Row]) -> ImportReport | None:
    of_corpus = [line for line in lines if line["table"] in ("users", "clicks", "impressions")]
    if not of_corpus:
        return None
    with Import(newsroom) as add:
        add.users(_of_reader(user_id, of_corpus, "users"))
        add.clicks(_of_reader(user_id, of_corpus, "clicks"))
        for split in sorted({str(line.get("split")) for line in of_corpus if line["table"] == "impressions"}):
            add.impressions(split, _of_reader(user_id, of_corpus, "impressions", split))
    return add.report


def _of_reader(user_id: str, lines: Iterable[Row], table: str, split: str | None = None) -> list[Row]:
    rows = [line["row"] for line in lines if line["table"] == table and line.get("split") == split]
    if any(row.get("user_id") != user_id for row in rows):
        raise CorpusError(f"{table}: found a row of another reader than the file's first line names.")
    return rows


def _take_choice(newsroom: Newsroom, user_id: str, line: Row) -> int:
    row, table = line["row"], line["table"]
    if table == "profiles":
        set_profile(newsroom, user_id, str(row.get("profile", "")))
    elif table == "mutes":
        mute(newsroom, user_id, row.get("categories", []), row.get("sources", []))
    elif table == "follows":
        chosen = [_follow(one) for one in row.get("follows", [])]
        open_follows(newsroom.follows).change(user_id, lambda _: {"follows": chosen} if chosen else {})
    return int(table in ("profiles", "mutes", "follows"))


def _follow(one: Any) -> dict[str, str]:  # noqa: ANN401
    try:
        name = CHECKS["value"](one["name"], "name") if one["field"] in FOLLOWED else None
    except (SkipRow, TypeError, KeyError):
        name = None
    if not name:
        raise CorpusError(f"follows: found {str(one)[:80]}, expected a field ({', '.join(FOLLOWED)}) and a name.")
    return {"field": str(one["field"]), "name": name}


def _log(newsroom: Newsroom, events: Sequence[Row], report: ReaderImport) -> None:
    """Log events, pages first; their numbers and times of receipt are this store's own."""
    if not events:
        return
    known = known_ids(newsroom)
    own = ("sequence", "received")
    rows: list[Row] = [
        {name: value for name, value in event.items() if value is not None and name not in own} for event in events
    ]
    rows.sort(key=lambda row: row.get("kind") != "page")
    with closing(open_events(newsroom, newsroom.config())) as store:
        articles = KnownArticles(newsroom, lambda: known)
        log = EventLog(store, articles, is_archive=True, forgotten=open_forgotten(newsroom))
        log(rows, report.events)
