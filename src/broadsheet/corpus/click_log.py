"""The click log as arrays in order of time, so that what was known at a moment is a slice."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.tables.arrow_files import epoch_seconds

NO_READERS = pa.array([], pa.string())
READING = ("click", "like", "comment", "share", "save")
"""Events that mean that the article was read; hiding an article is not reading it."""
AGAINST = ("hide", "dislike", "report")
"""Events after which a reader is not shown the article again."""


@dataclass(frozen=True)
class ClickLog:
    """Clicks, oldest first; three arrays of one length."""

    users: npt.NDArray[np.int64]
    "A number for each reader, which means something only within this log."
    rows: npt.NDArray[np.int64]
    "Catalogue row of the article."
    times: npt.NDArray[np.float64]
    "Epoch seconds, UTC, never falling."
    readers: pa.Array = field(default_factory=lambda: NO_READERS)
    "The reader's id by number, as far as it is known."

    def __len__(self) -> int:
        return len(self.times)

    def before(self, as_of: float, since: float = -np.inf) -> ClickLog:
        """Return the clicks strictly before `as_of` and not before `since`, both in epoch seconds; copies nothing."""
        start, stop = np.searchsorted(self.times, (since, as_of), side="left")
        return ClickLog(self.users[start:stop], self.rows[start:stop], self.times[start:stop], self.readers)


def make_click_log(
    users: npt.NDArray[np.int64],
    rows: npt.NDArray[np.int64],
    times: npt.NDArray[np.float64],
    readers: pa.Array = NO_READERS,
) -> ClickLog:
    """Return the log of clicks given in any order; clicks of the same time keep their order."""
    order = np.argsort(times, kind="stable")
    return ClickLog(users[order], rows[order], times[order], readers)


def read_click_log(clicks: pa.Table, catalogue: Catalogue) -> ClickLog:
    """Return the log of a clicks table: events that mean reading, on articles of the catalogue."""
    events = pc.is_in(clicks.column("event"), value_set=pa.array(READING))
    rows = catalogue.newest_rows(clicks.column("news_id"))
    kept = pc.and_(events, pc.is_valid(rows))
    users = clicks.column("user_id").filter(kept).dictionary_encode().unify_dictionaries()
    codes = [np.asarray(chunk.indices, np.int64) for chunk in users.chunks]
    return make_click_log(
        np.concatenate([np.zeros(0, np.int64), *codes]),
        np.asarray(rows.filter(kept), np.int64),
        epoch_seconds(clicks.column("time").filter(kept)),
        users.chunk(0).dictionary if users.num_chunks else NO_READERS,
    )
