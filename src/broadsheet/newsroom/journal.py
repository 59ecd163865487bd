"""The journal of what is added and withdrawn between nights: one Arrow file for each acknowledged call.

`live/<sequence>-add.arrow` holds articles with their vectors, `live/<sequence>-withdraw.arrow` ids. A file is whole or
not there: a call that has returned is on the disk, and a call that was killed has not happened. Numbers rise without a
gap, and no number is given twice: the note `notes/live` names the last number, since the last entry may be lost. They
are given under a lock of this folder, since a build holds the newsroom's lock for hours.

The manifest of an edition names the last entry that the edition holds; the stamp of the news table names the last entry
that the corpus holds. To apply an entry twice changes nothing. An entry is removed once every edition holds it.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from operator import attrgetter
from pathlib import Path

import pyarrow as pa

from broadsheet.errors import ContractError, NewsroomError
from broadsheet.newsroom.edition import Edition
from broadsheet.newsroom.entries import Changes, Entry, digest_of, read_changes, withdrawal_times
from broadsheet.newsroom.newsroom import Newsroom
from broadsheet.newsroom.notes import read_note, write_note
from broadsheet.tables.arrow_files import read_stamp, read_table, write_table
from broadsheet.tables.files import full_disk_as, is_settled, sync_folder
from broadsheet.tables.live_schemas import WITHDRAWN, late_news
from broadsheet.tables.locks import locked

log = logging.getLogger(__name__)

NAME = re.compile(r"(\d{12})-(add|withdraw)\.arrow")
CARRIED = "live"
"""Stamp of a news table or of table withdrawn, and key of a manifest: the number of the last entry held."""
WITHDRAWN_BY = "withdrawn"
"""Stamp of a news table: the number of the last entry that table withdrawn must hold; without it there may be none."""
_FULL_ADVICE = "Nothing was added or withdrawn. Free some space and try again."


class Journal:
    """The journal of a newsroom."""

    def __init__(self, newsroom: Newsroom) -> None:
        self._newsroom, self.folder = newsroom, newsroom.live

    def entries(self, after: int = 0) -> list[Entry]:
        """Return the entries with a higher number than `after`, oldest first.

        Raises NewsroomError if the folder is missing though it held entries once.
        """
        try:
            names = os.listdir(self.folder)  # noqa: PTH208 - half the time of Path.iterdir
        except FileNotFoundError:
            self._require_never_used()
            return []
        found = [Entry(int(name[1]), name[2], self.folder / name[0]) for name in map(NAME.fullmatch, names) if name]
        return sorted((entry for entry in found if entry.sequence > after), key=attrgetter("sequence", "kind"))

    def modified(self) -> int | None:
        """Return a number that changes whenever an entry comes or goes; None, for unknown, just after a change.

        Without a journal it is 0. Raises NewsroomError if the newsroom is gone.
        """
        try:
            changed = self.folder.stat().st_mtime_ns
        except FileNotFoundError:
            self._newsroom.require()
            return 0
        return changed if is_settled(changed) else None

    def changes(
        self, prepare: Callable[[pa.Table, str], pa.Table], after: int = 0, *, to_end: bool = True
    ) -> tuple[list[Entry], Changes]:
        """Return the entries with a higher number than `after` and their result; `prepare` is as in `read_changes`.

        Raises ContractError if an entry is damaged. With `to_end`, raises NewsroomError if the last calls that were
        acknowledged are neither in the journal nor in an edition.
        """
        while True:
            noted = self._noted()
            entries = self.entries(after)
            try:
                changes = read_changes(entries, prepare)
            except ContractError:
                # A build or a pruning removes entries at any time: then those that are left are listed again.
                if all(entry.path.exists() for entry in entries):
                    raise
                continue
            if to_end:
                self._require_end(noted, max([after, *(entry.sequence for entry in entries)]))
            return entries, changes

    def lost(self, entries: Sequence[Entry], after: int = 0) -> list[int]:
        """Return the numbers above `after` that neither the journal, whose `entries` were listed, nor an edition holds.

        Such an entry was removed by hand, or was not in a copy that was restored. A warning names it.
        """
        there = {entry.sequence for entry in entries}
        if len(there) == max(there, default=after) - after:
            return []  # known without a look at every manifest
        first = max(after, self.carried()) + 1
        lost = [number for number in range(first, max(there, default=0)) if number not in there]
        if lost:
            log.warning(
                "%s: %d entries are missing, such as entry %d, and no edition holds what was added or withdrawn there: "
                "what they withdrew is shown, unless later calls withdrew it again.",
                self.folder,
                len(lost),
                lost[0],
            )
        return lost

    def changed_ids(self, after: int = 0, *, to_end: bool = True) -> Changes:
        """Return the result of the entries with a higher number than `after`, of added articles their ids alone.

        Raises as `changes` does.
        """
        return self.changes(lambda articles, _: articles.select(["news_id"]), after, to_end=to_end)[1]

    def last(self) -> int:
        """Return the highest number that was ever given, whether or not its entry is still there; 0 for none."""
        entries = self.entries()
        return max(entries[-1].sequence if entries else 0, self.carried(), self._noted())

    def add(self, articles: pa.Table, model: str) -> None:
        """Write the entry of articles with their vectors, a table late_news, made by the model of this fingerprint."""
        dim = articles.schema.field("vector").type.list_size
        self._append("add", articles, late_news(dim), model=model, dim=str(dim))

    def withdraw(self, withdrawn: pa.Table) -> None:
        """Write the entry of a table withdrawn."""
        self._append("withdraw", withdrawn, WITHDRAWN)

    def carried(self) -> int:
        """Return the number of the last entry that the corpus or an edition holds; 0 for none.

        A damaged table or manifest is passed over, since readers of a sound edition do not need it.
        """
        found = [0]
        for table in (self._newsroom.news, self._newsroom.withdrawn):
            with suppress(ContractError):
                found.append(carried_by(table))
        for edition in self._newsroom.editions():
            with suppress(NewsroomError):
                found.append(held_by(edition))
        return max(found)

    def remove_carried(self) -> None:
        """Remove the entries that every complete edition holds, oldest first, and what killed writers left.

        Where a manifest cannot be read, all entries stay.
        """
        if not self.folder.is_dir():
            return
        held = 0
        with suppress(NewsroomError):
            held = min((held_by(edition) for edition in self._newsroom.editions()), default=0)
        with self._lock():
            for part in self.folder.glob(".*.part"):
                part.unlink()
            for entry in self.entries():
                if entry.sequence <= held:
                    entry.path.unlink()

    def _append(self, kind: str, table: pa.Table, schema: pa.Schema, **stamp: str) -> None:
        if not self.folder.is_dir():
            self._require_never_used()
            self.folder.mkdir(exist_ok=True)
            sync_folder(self._newsroom.path)
        with self._lock(), full_disk_as(NewsroomError, self.folder, _FULL_ADVICE):
            number = self.last() + 1
            path = self.folder / f"{number:012d}-{kind}.arrow"
            write_table(path, table, schema, sequence=str(number), sha256=digest_of(table), **stamp)
            write_note(self._note, str(number))  # after the entry, so that a killed call leaves no gap

    def _lock(self) -> AbstractContextManager[None]:
        return locked(self.folder / ".lock")

    @property
    def _note(self) -> Path:
        return self._newsroom.notes / self.folder.name

    def _noted(self) -> int:
        note = read_note(self._note)
        if note is None:
            return 0
        if not note.isdecimal():
            raise NewsroomError(f"{self._note}: found {note!r:.80}, expected the number of the journal's last entry.")
        return int(note)

    def _require_end(self, noted: int, end: int) -> None:
        """Raise NewsroomError if calls up to number `noted` were acknowledged, and entries and editions end before."""
        if noted > end and noted > (end := max(end, self.carried())):  # looked at last: a build carries, then removes
            lost = f"entry {noted} is" if noted == end + 1 else f"entries {end + 1} to {noted} are"
            raise NewsroomError(
                f"{self.folder}: {lost} missing, and no edition holds what was added or withdrawn there. Restore the "
                "folder from its newest copy. If there is no copy, make the last calls again with `broadsheet "
                f"withdraw` and `broadsheet add`; if there is nothing to repeat, delete {self._note}."
            )

    def _require_never_used(self) -> None:
        self._newsroom.require()
        if last := max(self.carried(), self._noted()):
            raise NewsroomError(
                f"{self.folder}: missing, though {last} calls of add and withdraw were written to it. Restore the "
                "folder: its last entries may withdraw articles. If there is no copy, make an empty folder of this "
                "name, and withdraw again what must not be shown."
            )


def read_withdrawn(newsroom: Newsroom) -> dict[str, datetime]:
    """Return what the corpus knows as withdrawn, and since when.

    Raises ContractError if the table is damaged, older than the news table, or missing though there was one.
    """
    path, needed = newsroom.withdrawn, _stamped(newsroom.news, WITHDRAWN_BY)
    if not path.is_file() and not needed:
        return {}
    times = withdrawal_times(read_table(path, WITHDRAWN))
    if (held := carried_by(path)) < needed:
        raise ContractError(
            f"{path}: it ends at entry {held} of the journal, and {newsroom.news} needs entry {needed}: it was "
            "replaced by an older copy, which lacks what was withdrawn since. Restore the newest copy."
        )
    return times


def carried_by(path: Path) -> int:
    """Return the number of the last entry that a table news or withdrawn holds; 0 without an entry, or a table."""
    return _stamped(path, CARRIED)


def _stamped(path: Path, name: str) -> int:
    return int(read_stamp(path).get(name, 0)) if path.is_file() else 0


def held_by(edition: Edition) -> int:
    """Return the number of the last entry that an edition holds, or 0; raises NewsroomError without a manifest."""
    return int(edition.read_manifest().get(CARRIED, 0))
