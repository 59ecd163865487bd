"""Adding rows to the corpus of a newsroom: checked one by one, staged on disk, committed together or not at all.

Rows go to files in `corpus/.import` in batches, so an import needs memory for ids, not for texts. At the end each
staged file is merged with the table that is there, and renames bring all of them in, articles first, so that after a
crash in between no click names an article that is not there. What a killed import leaves in `corpus/.import` is removed
by the next one.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from broadsheet.errors import CorpusError
from broadsheet.importers.absorb_journal import absorb
from broadsheet.importers.intake import open_intake
from broadsheet.importers.report import DUPLICATE_CLICK, IS_WITHDRAWN, NONE_KNOWN
from broadsheet.importers.rows import (
    Row,
    article_row,
    checked_rows,
    click_row,
    impression_row,
    noting_left_out,
    user_row,
)
from broadsheet.importers.staging import Staged, look_through, merge
from broadsheet.newsroom import Newsroom
from broadsheet.newsroom.given import given_names
from broadsheet.newsroom.journal import read_withdrawn
from broadsheet.tables.arrow_files import read_table
from broadsheet.tables.files import full_disk_as, remove_folder, replacing, sync_folder
from broadsheet.tables.schemas import CLICKS, IMPRESSIONS, NEWS, USERS
from broadsheet.tables.values import SkipRow, checked_id, is_missing

_ARCHIVE_SETTINGS = (
    '# An archive: the time of a build or a request is that of the latest article or click.\nclock = "latest"\n'
)
_CLICK_KEY = ["user_id", "news_id", "time", "event"]
_MEND_ADVICE = "The newsroom is as it was. Mend the files and import again, or leave out the file that is no use."
_FULL_ADVICE = "The newsroom is as it was. Free some space and import again."


class Import:
    """One import into a newsroom: a context manager that takes rows, and commits them if its block succeeds.

    Rows are mappings with the schema's column names; a missing column is empty. A bad row is counted in
    `report.skipped` with its reason. The same id again replaces the row of an earlier import; within one import the
    first is kept. What was added and withdrawn between nights enters the corpus first, and no import brings back what
    is withdrawn. Add news before clicks and impressions, which are checked against the articles known.

    Raises ConfigError if the newsroom's settings are wrong, NewsroomError if another writer holds the newsroom,
    ContractError if one of its files is damaged, CorpusError if not one row was taken or the disk is full; the newsroom
    is then as it was.
    """

    def __init__(self, newsroom: Newsroom, keep: Sequence[str] = (), html: str = "") -> None:
        """`keep` names columns of articles that are no columns of table news and are kept beside them.

        `html` is "clean" or "keep", for tags in the texts of articles; empty for what the newsroom's settings say.
        """
        self.newsroom, self._keep = newsroom, tuple(given_names(keep, "keep"))
        self._intake = open_intake(newsroom, html=html)
        self.report = self._intake.report
        self._stack = ExitStack()
        self._staged: dict[str, Staged] = {}
        self._withdrawn: set[str] = set()
        self._published: dict[str, datetime | None] = {}
        self._mentioned: Counter[str] = Counter()
        self._without_history: dict[str, set[str]] = {}
        self._clicks_are_known = False
        self._former_users: tuple[pa.Table, dict[str, int]] | None = None
        self._is_archive = False

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(full_disk_as(CorpusError, self.newsroom.path, _FULL_ADVICE))
            stack.enter_context(self.newsroom.lock())
            stack.callback(self._clean)
            remove_folder(self._folder)
            self._folder.mkdir(parents=True)
            self._read_known()
            self._stage(self.newsroom.news, NEWS, "news_id")
            self._stage(self.newsroom.users, USERS, "user_id")
            self._stage(self.newsroom.clicks, CLICKS, "")
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            with self._stack:
                self._commit()
        else:
            self._stack.__exit__(kind, error, trace)

    def news(self, rows: Iterable[Row]) -> None:
        """Add articles; an article without a title gets the first sentence of its abstract or body."""
        self._take("news", rows, self._news_row)

    def count_dated(self, ids: Iterable[str]) -> tuple[int, int]:
        """Return how many of some articles have a publication time, and how many have none; others are not counted."""
        known = [self._published[news_id] is not None for news_id in ids if news_id in self._published]
        return sum(known), len(known) - sum(known)

    def users(self, rows: Iterable[Row]) -> None:
        """Add readers, whose articles need not be known; a known reader keeps the columns that the new row lacks."""
        self._take("users", rows, self._user_row)

    def clicks(self, rows: Iterable[Row]) -> None:
        """Add clicks on known articles; a click with the user, article, time and event of another is a duplicate."""
        if not self._clicks_are_known and self.newsroom.clicks.exists():
            for batch in read_table(self.newsroom.clicks, CLICKS).select(_CLICK_KEY).to_batches():
                columns = (column.to_pylist() for column in batch.columns)
                self._staged["clicks"].keys.update(map(hash, zip(*columns, strict=True)))
        self._clicks_are_known = True
        self._take("clicks", rows, self._click_row)

    def impressions(self, split: str, rows: Iterable[Row]) -> None:
        """Add impressions of which at least one shown article is known.

        Where `history` is missing, it is made of the clicks before the impression, as `fill_histories` says, of
        the corpus and of this import; an empty list says that the reader had read nothing. The report counts both.
        Raises NewsroomError if the split's name is not fit for a file name.
        """
        path = self.newsroom.impressions(split)
        if path.stem not in self._staged:
            self._stage(path, IMPRESSIONS, "impression_id")
        self._take(path.stem, rows, self._impression_row)

    def skip(self, reason: str, n: int = 1) -> None:
        """Count rows that the importer could not take."""
        self.report.skipped[reason] += n

    def archive(self) -> None:
        """Say that the corpus is an archive: a newsroom without settings gets `clock = "latest"`."""
        self._is_archive = True

    @property
    def _folder(self) -> Path:
        return self.newsroom.news.parent / ".import"

    def _take(self, table: str, rows: Iterable[Row], check: Callable[[Row, Staged], dict[str, Any]]) -> None:
        staged = self._staged[table]
        rows = noting_left_out(rows, [*staged.schema.names, *self._keep], self.report, table)
        for row in checked_rows(rows, lambda row: check(row, staged), self._intake, table):
            staged.add(row)

    def _news_row(self, row: Row, staged: Staged) -> dict[str, Any]:
        news, title_is_made = article_row(row, self._intake, self._keep)
        if news["news_id"] in self._withdrawn:
            raise SkipRow(IS_WITHDRAWN)
        staged.claim(news["news_id"])
        self.report.titles_made += title_is_made
        self._published[news["news_id"]] = news["published_at"]
        return news

    def _user_row(self, row: Row, staged: Staged) -> dict[str, Any]:
        given = {name: value for name, value in row.items() if not is_missing(value)}
        user = user_row(self._former_user(row) | given, self._intake)
        staged.claim(user["user_id"])
        self._mentioned.update(user["history"])
        return user

    def _former_user(self, row: Row) -> dict[str, Any]:
        """Return the reader's row in the corpus, whose columns stay if the new row lacks them; {} for a new reader."""
        if self._former_users is None:
            path = self.newsroom.users
            table = read_table(path, USERS) if path.exists() else USERS.empty_table()
            rows = {user_id: number for number, user_id in enumerate(table.column("user_id").to_pylist())}
            self._former_users = table, rows
        table, rows = self._former_users
        number = rows.get(checked_id(row.get("user_id")))
        former: dict[str, Any] = {} if number is None else table.slice(number, 1).to_pylist()[0]
        return former

    def _click_row(self, row: Row, staged: Staged) -> dict[str, Any]:
        self._mentioned[checked_id(row.get("news_id"))] += 1
        click = click_row(row, self._published, self._intake)
        staged.claim(hash(tuple(click[name] for name in _CLICK_KEY)), DUPLICATE_CLICK)
        return click

    def _impression_row(self, row: Row, staged: Staged) -> dict[str, Any]:
        impression = impression_row(row, self._intake)
        self._mentioned.update(impression["history"])
        self._mentioned.update(impression["shown"])
        if self._published.keys().isdisjoint(impression["shown"]):
            raise SkipRow(NONE_KNOWN)
        staged.claim(impression["impression_id"])
        if is_missing(row.get("history")):
            self._without_history.setdefault(staged.target.stem, set()).add(impression["impression_id"])
        return impression

    def _commit(self) -> None:
        for staged in self._staged.values():
            staged.finish()
        self._account()
        self.report.require_rows(self.newsroom.path, _MEND_ADVICE)
        look_through(self._staged, self._without_history, self.newsroom, self.report)
        for part, target in self._ready():
            os.replace(part, target)  # noqa: PTH105
        sync_folder(self.newsroom.news.parent)

    def _ready(self) -> list[tuple[Path, Path]]:
        """Return the files to rename and their targets, so ordered that the corpus fits together after each."""
        ready = []
        if self._is_archive and not self.newsroom.config_file.exists():
            settings = self._folder / "broadsheet.toml"
            with replacing(settings) as part:
                part.write_text(_ARCHIVE_SETTINGS, "utf-8")
            ready.append((settings, self.newsroom.config_file))
        for table, staged in self._staged.items():
            is_expected = table in ("users", "clicks") and not staged.target.exists()  # readers expect both, if empty
            if staged.taken or is_expected:
                merged, self.report.replaced[table] = merge(staged)
                ready.append((merged, staged.target))
        return ready

    def _account(self) -> None:
        self._intake.note_zone()
        self.report.taken = {table: staged.taken for table, staged in self._staged.items()}
        unknown = [count for news_id, count in self._mentioned.items() if news_id not in self._published]
        self.report.unknown_ids, self.report.unknown_mentions = len(unknown), sum(unknown)
        times = [time for staged in self._staged.values() for time in staged.times]
        self.report.first, self.report.last = min(times, default=None), max(times, default=None)

    def _clean(self) -> None:
        for staged in self._staged.values():
            staged.abandon()
        remove_folder(self._folder)
        with suppress(OSError):
            self._folder.parent.rmdir()  # succeeds where the import made it and failed

    def _read_known(self) -> None:
        if self.newsroom.news.exists():
            absorb(self.newsroom)
            for batch in read_table(self.newsroom.news, NEWS).select(["news_id", "published_at"]).to_batches():
                self._published.update(zip(*(column.to_pylist() for column in batch.columns), strict=True))

        self._withdrawn = set(read_withdrawn(self.newsroom))  # it counts too where the articles are imported anew

    def _stage(self, path: Path, schema: pa.Schema, key: str) -> None:
        self._staged[path.stem] = Staged(self._folder, path, schema, key)
