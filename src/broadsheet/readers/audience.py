"""What is known of each reader as of a moment: history, profile, hidden articles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.corpus.click_log import AGAINST, READING
from broadsheet.readers.follows import NO_FOLLOWS, NO_OPINIONS, Follows, Opinions, words_of
from broadsheet.readers.forgotten import Forgotten, no_forgotten
from broadsheet.readers.profiles import NO_PROFILES, Profiles
from broadsheet.readers.reads import ReadLog, with_reads
from broadsheet.tables.arrow_files import epoch_seconds, from_rows, read_table
from broadsheet.tables.event_schemas import held_in
from broadsheet.tables.schemas import CLICKS, USERS


class Since(NamedTuple):
    """What readers did after a clicks table was written."""

    clicks: pa.Table
    "Further rows of the table."
    undone: pa.Table
    "Rows of the table that the readers took back."
    said: Mapping[str, Opinions] = {}
    "What readers said since the table follows was written."


NOTHING_SINCE = Since(CLICKS.empty_table(), CLICKS.empty_table())


def no_profiles() -> Profiles:
    """Return empty profiles: no reader wrote anything."""
    return NO_PROFILES


def no_follows() -> Follows:
    """Return an empty table: no reader follows anything."""
    return NO_FOLLOWS


class Audience:
    """Readers of a users table, of a clicks table and of what they say themselves; safe to share between threads."""

    def __init__(
        self,
        users: pa.Table,
        clicks: pa.Table,
        own_words: Callable[[], Profiles] = no_profiles,
        follows: Callable[[], Follows] = no_follows,
        forgotten: Callable[[], Forgotten] = no_forgotten,
    ) -> None:
        """`own_words` returns the readers' own words as they are now; they count instead of the profiles of `users`.

        `follows` returns what readers follow now, whose names count beside these words. `forgotten` returns who was
        forgotten until now: such a reader has no row of `users`, and the clicks after the forgetting alone.
        """
        self._users, self._clicks, self._own_words, self._follows = users, clicks, own_words, follows
        self._forgotten = forgotten
        self._row_of = {user_id: row for row, user_id in enumerate(users.column("user_id").to_pylist())}
        self._times = epoch_seconds(clicks.column("time"))
        self._clicks_of = _rows_by_user(clicks, self._times)
        self._reads = ReadLog(clicks)
        self.held = held_in(clicks)
        "The number of the last event in `clicks`."

    def __contains__(self, user_id: str) -> bool:
        own = (self._own_words(), self._follows())
        until = self._forgotten().until(user_id)
        if until is None:
            return any(user_id in one for one in (self._row_of, self._clicks_of, *own))
        return len(self._after(user_id, until)) > 0 or any(user_id in one for one in own)

    def all(self) -> list[str]:
        """Return every known user, in the order of the tables."""
        told = [*self._own_words().all(), *self._follows().all()]
        found = list(dict.fromkeys([*self._row_of, *self._clicks_of, *told]))
        forgotten = self._forgotten().among(found)
        return [user_id for user_id in found if user_id not in forgotten or user_id in self]

    def active(self, as_of: datetime, days: float) -> list[str]:
        """Return users with a profile, or with a click in the `days` days before `as_of`.

        If no click is logged, all users with a profile or a history are returned.
        """
        columns = [self._users.column("profile").to_pylist()]
        columns += [] if len(self._clicks) else [pc.list_value_length(self._users.column("history")).to_pylist()]
        chosen = {*self._own_words().all(), *self._follows().all()}
        chosen |= {user_id for column in columns for user_id, one in zip(self._row_of, column, strict=True) if one}
        since, until = (as_of - timedelta(days=days)).timestamp(), as_of.timestamp()
        chosen |= {
            user_id
            for user_id, rows in self._clicks_of.items()
            if ((self._times[rows] >= since) & (self._times[rows] < until)).any()
        }
        return [user_id for user_id in self.all() if user_id in chosen]

    def state(self, user_ids: Sequence[str], as_of: datetime, since: Since = NOTHING_SINCE) -> pa.Table:
        """Return the table users for some readers as of a moment; a reader who is not known has an empty row.

        `since` is what these readers did after the clicks table was written.

        Clicks strictly before `as_of` follow the imported history, oldest first; an article stands once, where it was
        read last. The profile is the reader's own words, whenever they were written, or else the users table's. What is
        known of the reads is as of the same moment; see ReadLog.
        """
        forgotten = self._forgotten().among(user_ids)
        if forgotten or len(since.clicks) or len(since.undone):
            some = self._with(user_ids, since, forgotten)
            return some.state(user_ids, as_of, NOTHING_SINCE._replace(said=since.said))
        moment = as_of.timestamp()
        rows = [self._state(user_id, moment) for user_id in user_ids]
        own, follows = self._own_words(), self._follows()
        for row, user_id in zip(rows, user_ids, strict=True):
            followed = follows.of(user_id, since.said.get(user_id, NO_OPINIONS))
            row["profile"] = words_of(own.of(user_id) or row["profile"], followed)
        reads, acts = self._reads.known(user_ids, [row["history"] for row in rows], [moment] * len(rows))
        return with_reads(from_rows(rows, USERS), reads, acts)

    def _with(self, user_ids: Sequence[str], since: Since, forgotten: Mapping[str, datetime]) -> Audience:
        """Return the audience of some readers alone, with what they did since, and without what is forgotten."""
        known = list(dict.fromkeys(user_ids))
        there = [self._row_of[one] for one in known if one in self._row_of and one not in forgotten]
        users = self._users.take(pa.array(there, pa.int64()))
        rows = [self._after(one, forgotten.get(one)) for one in known]
        clicks = self._clicks.take(pa.array(np.concatenate([np.zeros(0, np.int64), *rows])))
        undone = set(_keys(since.undone))
        clicks = clicks.filter(pa.array([key not in undone for key in _keys(clicks)], pa.bool_()))
        return Audience(users, pa.concat_tables([clicks, since.clicks]), self._own_words, self._follows)

    def _after(self, user_id: str, until: datetime | None) -> npt.NDArray[np.int64]:
        """Return the rows of a reader's clicks, oldest first; with `until`, of those after that time."""
        rows = self._clicks_of.get(user_id, np.zeros(0, np.int64))
        return rows if until is None else rows[self._times[rows] > until.timestamp()]

    def _state(self, user_id: str, as_of: float) -> dict[str, Any]:
        known = self._imported(user_id)
        clicks = self._clicks_of.get(user_id, np.zeros(0, np.int64))
        events = self._clicks.take(pa.array(clicks[self._times[clicks] < as_of])).to_pylist()
        read = [*known["history"], *(event["news_id"] for event in events if event["event"] in READING)]
        newest_last = list(dict.fromkeys(reversed(read)))[::-1]
        hidden = [*known["hidden"], *(event["news_id"] for event in events if event["event"] in AGAINST)]
        hidden = list(dict.fromkeys(hidden))
        return {"user_id": user_id, "history": newest_last, "profile": known["profile"], "hidden": hidden}

    def imported_profile(self, user_id: str) -> str:
        """Return the publisher's words on a reader's interests; empty for a reader without such words."""
        profile: str = "" if self._forgotten().until(user_id) else self._imported(user_id)["profile"]
        return profile

    def _imported(self, user_id: str) -> dict[str, Any]:
        """Return a user's row of the users table; an empty row for an unknown user."""
        row = self._row_of.get(user_id)
        if row is None:
            return {"history": [], "profile": "", "hidden": []}
        known: dict[str, Any] = self._users.slice(row, 1).to_pylist()[0]
        return known


def _keys(clicks: pa.Table) -> Iterator[tuple[Any, ...]]:
    """Yield what tells each event of a clicks table from the others."""
    return zip(*(clicks.column(name).to_pylist() for name in ("user_id", "news_id", "time", "event")), strict=True)


def _rows_by_user(clicks: pa.Table, times: npt.NDArray[np.float64]) -> dict[str, npt.NDArray[np.int64]]:
    """Group the rows of clicks by user, oldest first."""
    if not len(clicks):
        return {}
    users = np.array(clicks.column("user_id").to_pylist(), dtype=object)
    order = np.lexsort((times, users))
    starts = np.flatnonzero(users[order][1:] != users[order][:-1]) + 1
    found = {str(users[rows[0]]): rows for rows in np.split(order, starts)}
    found.pop("", None)  # acts of readers whom the site does not know are nobody's history
    return found


def open_audience(
    users: Path,
    clicks: Path,
    own_words: Callable[[], Profiles] = no_profiles,
    follows: Callable[[], Follows] = no_follows,
    forgotten: Callable[[], Forgotten] = no_forgotten,
) -> Audience:
    """Open the readers of a newsroom.

    Raises ContractError if a table is damaged or missing: an import writes both, if without rows, and they say what
    readers hid.
    """
    return Audience(read_table(users, USERS), read_table(clicks, CLICKS), own_words, follows, forgotten)
