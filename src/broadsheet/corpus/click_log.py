"""The click log as arrays in order of time, so that what was known at a moment is a slice."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.config.acts import ActsConfig
from broadsheet.corpus.catalogue import Catalogue
from broadsheet.corpus.worth import AGAINST, DEFAULT, READING, Worth, one_each, read_worth
from broadsheet.tables.arrays import Rows
from broadsheet.tables.arrow_files import epoch_seconds

__all__ = ["AGAINST", "NO_READERS", "READING", "ClickLog", "make_click_log", "read_click_log"]

NO_READERS = pa.array([], pa.string())


@dataclass(frozen=True)
class ClickLog:
    """Clicks, oldest first; three arrays of one length."""

    users: npt.NDArray[np.int64]
    "A number for each reader, which means something only within this log; of nobody known, another for each click."
    rows: npt.NDArray[np.int64]
    "Catalogue row of the article."
    times: npt.NDArray[np.float64]
    "Epoch seconds, UTC, never falling."
    readers: pa.Array = field(default_factory=lambda: NO_READERS)
    "The reader's id by number, as far as it is known."
    worth: Worth | None = None
    "What all acts add to the popularity of articles; None where each click adds 1 and nothing else counts."

    def __len__(self) -> int:
        return len(self.times)

    def before(self, as_of: float, since: float = -np.inf) -> ClickLog:
        """Return the clicks strictly before `as_of` and not before `since`, both in epoch seconds; copies nothing."""
        start, stop = np.searchsorted(self.times, (since, as_of), side="left")
        worth = None if self.worth is None else self.worth.before(as_of, since)
        return ClickLog(self.users[start:stop], self.rows[start:stop], self.times[start:stop], self.readers, worth)

    @property
    def counted(self) -> Worth:
        """What counts in the popularity of articles."""
        return one_each(self.rows, self.times) if self.worth is None else self.worth

    def moved(self, row: Rows) -> ClickLog:
        """Return the log for a catalogue in which the article of row i stands in row `row[i]` (articles,)."""
        worth = None if self.worth is None else replace(self.worth, rows=row[self.worth.rows])
        return replace(self, rows=row[self.rows], worth=worth)


def make_click_log(
    users: npt.NDArray[np.int64],
    rows: npt.NDArray[np.int64],
    times: npt.NDArray[np.float64],
    readers: pa.Array = NO_READERS,
    worth: Worth | None = None,
) -> ClickLog:
    """Return the log of clicks given in any order; clicks of the same time keep their order."""
    order = np.argsort(times, kind="stable")
    return ClickLog(users[order], rows[order], times[order], readers, worth)


def read_click_log(clicks: pa.Table, catalogue: Catalogue, acts: ActsConfig = DEFAULT) -> ClickLog:
    """Return the log of a clicks table: events that mean reading, on articles of the catalogue.

    `acts` says what acts, also those against an article, add to its popularity.
    """
    events = pc.is_in(clicks.column("event"), value_set=pa.array(READING))
    rows = catalogue.newest_rows(clicks.column("news_id"))
    kept = pc.and_(events, pc.is_valid(rows))
    users = clicks.column("user_id").filter(kept).dictionary_encode().unify_dictionaries()
    readers = users.chunk(0).dictionary if users.num_chunks else NO_READERS
    numbers = np.concatenate([np.zeros(0, np.int64), *(np.asarray(chunk.indices, np.int64) for chunk in users.chunks)])
    nobody = numbers == readers.index("").as_py()  # clicks of many people are not those of one reader
    numbers[nobody] = len(readers) + np.arange(nobody.sum())
    return make_click_log(
        numbers,
        np.asarray(rows.filter(kept), np.int64),
        epoch_seconds(clicks.column("time").filter(kept)),
        readers,
        read_worth(clicks, catalogue, acts),
    )
