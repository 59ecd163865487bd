"""An edition as a running process serves it: with all that any process has added and withdrawn since."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from broadsheet.corpus.catalogue import Catalogue, as_of_now, extend
from broadsheet.corpus.click_log import ClickLog
from broadsheet.errors import NewsroomError
from broadsheet.live.files_in_use import FilesInUse
from broadsheet.live.in_force import InForce, in_force
from broadsheet.newsroom.clock import latest_time
from broadsheet.newsroom.entries import Changes
from broadsheet.newsroom.journal import Journal, held_by, read_withdrawn
from broadsheet.tables.live_schemas import late_news
from broadsheet.tables.locks import ThreadLock
from broadsheet.tables.vectors import vectors_to_arrow, vectors_to_numpy
from broadsheet.workbench.workbench import Workbench

if TYPE_CHECKING:
    from broadsheet.live.events.store import EventStore
    from broadsheet.retrieval.towers.news_tower import NewsTower


log = logging.getLogger(__name__)

SECOND, MILLISECOND = timedelta(seconds=1), timedelta(milliseconds=1)


@dataclass(frozen=True)
class _State:
    bench: Workbench
    logs: InForce
    "The logs of the workbench."
    applied: int
    "Number of the last entry that the workbench holds."
    listed: int | None
    "What the journal's `modified` was when its entries were listed."
    until: float
    "Epoch seconds at which an article's embargo ends, or an article expires."


class Live:
    """The workbench of one edition, as of the last acknowledged call; safe to share between threads.

    A workbench is never changed: one that is given out stays what it is, and a change makes another, which shares the
    models, the edition's vectors and its index.
    """

    def __init__(self, bench: Workbench, store: EventStore, now: Callable[[], float] = time.time) -> None:
        """Take the workbench of an edition and open it; raises NewsroomError if the edition has no manifest.

        `now` returns the present time in epoch seconds, by which embargoes end and articles expire, whatever counts as
        now for pages: also in an archive, what is not to be seen before noon is seen at noon.
        """
        logs = in_force(store, bench.data, is_archive=bench.models.config.clock == "latest")
        bench = bench.over(bench.data, logs=logs)
        bench.open()
        self._journal, self._frozen = Journal(bench.data.newsroom), bench.index
        self._lock = ThreadLock()
        edition, newsroom = bench.data.edition, bench.data.newsroom
        hashes = {edition.path / name: expected for name, expected in edition.read_manifest()["files"].items()}
        self._files = FilesInUse({**hashes, newsroom.users: "", newsroom.clicks: ""})
        self._now = now
        self._state = _State(bench, logs, held_by(edition), None, -math.inf)

    def bench(self) -> Workbench:
        """Return the workbench with all that was acknowledged before this call.

        An article whose embargo has ended is there, and an article that has expired is not.

        If nothing was acknowledged since, that costs a look at the folder and at each file in use. Raises ContractError
        if an entry is damaged, since to leave it out could show what was withdrawn, or if another program wrote to a
        file of the edition; NewsroomError if the last entries are missing.
        """
        self._files.require_unchanged()
        modified = self._journal.modified()
        if modified is None or modified != self._state.listed:
            self._follow()
        if self._now() >= self._state.until:
            self._turn()
        return self._state.bench

    def at_hand(self) -> Workbench | None:
        """Return what `bench` returns, if nothing has to be read or made for it; else None."""
        state = self._state  # of one moment, while another thread may put the next one in its place
        if not self._files.is_unchanged() or self._now() >= state.until:
            return None
        modified = self._journal.modified()
        return state.bench if modified is not None and modified == state.listed else None

    def _follow(self) -> None:
        with self._lock:
            state, modified = self._state, self._journal.modified()  # looked at before the entries are listed
            if modified is not None and modified == state.listed:
                return  # another thread was here
            bench, logs, until = state.bench, state.logs, state.until
            prepare = partial(_with_vectors_of, bench.models.news_tower)
            last = self._journal.last()  # looked at first, so that an entry that comes now is not counted as missed
            entries, changes = self._journal.changes(prepare, after=state.applied)
            last = max([last, *(entry.sequence for entry in entries)])
            if last < state.applied:
                raise NewsroomError(
                    f"{self._journal.folder}: it ends at entry {last}, and this process has applied entry "
                    f"{state.applied}: the newsroom was replaced by an older copy. Open the newsroom again."
                )
            if last > state.applied:
                lost = len(self._journal.lost(entries, after=state.applied))
                if len(entries) + lost < last - state.applied:
                    changes = _with_missed(changes, bench, last - state.applied - len(entries) - lost)
                (bench, logs), until = self._extended(bench, logs, changes), -math.inf  # looked at by `_turn`
            self._state = _State(bench, logs, last, modified, until)

    def _turn(self) -> None:
        """Let articles come whose embargo has ended, and let articles go that have expired."""
        with self._lock:
            state, now = self._state, self._now()
            bench, catalogue = state.bench, as_of_now(state.bench.data.catalogue, now)
            if catalogue is not bench.data.catalogue:
                clicks, exposures = bench.data.clicks, bench.data.exposures
                data = replace(bench.data, articles=catalogue, click_log=clicks, showings=exposures)
                bench = bench.over(data, bench.search, state.logs)
                _ = bench.retriever, bench.reranker  # made now, so that no two threads make it
            self._state = replace(state, bench=bench, until=catalogue.next_change(now))

    def _extended(self, bench: Workbench, logs: InForce, changes: Changes) -> tuple[Workbench, InForce]:
        from broadsheet.index_build import LateSearch

        before, tower = bench.data.catalogue, bench.models.news_tower
        added = late_news(tower.dim).empty_table() if changes.added is None else changes.added
        catalogue = _as_of_this_minute(extend(before, added, vectors_to_numpy(added), changes.withdrawn))
        catalogue = as_of_now(catalogue, self._now())
        clicks, exposures = bench.data.clicks, bench.data.exposures
        row = _new_rows(before, catalogue, added)
        if row is not None:
            clicks, exposures = clicks.moved(row), replace(exposures, rows=row[exposures.rows])
        is_archive = bench.models.config.clock == "latest"
        as_of = _latest(bench.data.as_of, catalogue, clicks) if is_archive else bench.data.as_of
        logs = logs.over(clicks, exposures, catalogue.all_rows, moved=row is not None)
        data = replace(bench.data, as_of=as_of, articles=catalogue, click_log=clicks, showings=exposures)
        search = LateSearch(self._frozen, catalogue.late_vectors, first=len(catalogue.vectors))
        later = bench.over(data, search, logs)
        _ = later.retriever, later.reranker  # made now, so that no two threads make it
        return later, logs


def _with_vectors_of(tower: NewsTower, articles: pa.Table, model: str) -> pa.Table:
    """Encode articles that were added by a process whose settings name another model than the edition's."""
    if model == tower.fingerprint:
        return articles
    news = articles.drop_columns("vector")
    return pa.table([*news.columns, vectors_to_arrow(tower(tower.text(news)))], schema=late_news(tower.dim))


def _with_missed(changes: Changes, bench: Workbench, count: int) -> Changes:
    """Stand in for entries that are gone, since newer editions hold them: what is withdrawn is withdrawn here too."""
    log.warning(
        "%s: edition %s was left behind: %d entries of the journal are in newer ones alone. What they withdrew is "
        "hidden here, what they added is not to be found; open the newsroom again.",
        bench.data.newsroom.path,
        bench.data.edition.name,
        count,
    )
    back = set() if changes.added is None else set(changes.added.column("news_id").to_pylist())
    missed = {news_id: time for news_id, time in read_withdrawn(bench.data.newsroom).items() if news_id not in back}
    return Changes(changes.added, missed | changes.withdrawn)


def _as_of_this_minute(catalogue: Catalogue) -> Catalogue:
    """Let what was published in this minute count from its beginning, since a request's time is that of the minute."""
    now = datetime.now(UTC).timestamp()
    minute, published = now - now % 60, catalogue.published_at
    return replace(catalogue, published_at=np.where((published > minute) & (published <= now), minute, published))


def _new_rows(before: Catalogue, after: Catalogue, added: pa.Table) -> npt.NDArray[np.int64] | None:
    """Return the row that each row of `before` has in `after`; None if no article came again.

    Clicks and showings of an article belong to its newest text, also where it was withdrawn in between: where N15 has
    row 7 and its new text row 60, entry 7 is 60, and every other entry is its own row.
    """
    old = before.newest_rows(added.column("news_id"))
    came_again = np.asarray(old.is_valid())
    if not came_again.any():
        return None
    row = np.arange(len(after))
    row[old.drop_null().to_numpy()] = len(before) + np.flatnonzero(came_again)
    return row


def _latest(as_of: datetime, catalogue: Catalogue, clicks: ClickLog) -> datetime:
    """Return the time of an archive, which stands just after its latest article or click, unless that is an outlier."""
    times = np.concatenate([catalogue.published_at, clicks.times])
    latest, _ = latest_time(times, datetime.now(UTC).timestamp())
    return as_of if latest is None else max(as_of, datetime.fromtimestamp(latest, UTC) + timedelta(seconds=1))


def request_time(bench: Workbench) -> datetime:
    """Return the time of a request, cut to the minute, so that requests within a minute share what depends on the time.

    In a newsroom whose clock is "latest", an archive, it is the edition's time. Where events came later than this time,
    it stands just after the last event that counts; of an archive, a few events far behind all others do not count
    here. It is never in the future, whatever the clocks of other machines say.
    """
    latest, is_archive, now = bench.logs().latest, bench.models.config.clock == "latest", datetime.now(UTC)
    moment = bench.data.as_of if is_archive else now.replace(second=0, microsecond=0)
    return moment if latest is None else max(moment, min(latest + (SECOND if is_archive else MILLISECOND), now))
