"""How often a reader was shown an article and passed it over: what the signal `unseen` is made of."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from broadsheet.corpus.exposures import HOUR, WINDOW_HOURS, Exposures
from broadsheet.tables.arrays import Floats, Rows


class Unseen:
    """Answers for one reader and moment after the other; safe to call from several threads."""

    def __init__(self, exposures: Exposures, earlier: Unseen | None = None) -> None:
        """Take the showings of all readers; showings without a known reader, or without labels, tell nothing.

        `earlier` was made of fewer showings. If these are the first of `exposures`, what it found out serves on.
        """
        first = (earlier.first or earlier) if earlier is not None else None
        self.first: Unseen | None = first if first is not None and _begins(exposures, first.exposures) else None
        "What was made of the first of the showings; None if all are counted here."
        size = len(self.first.exposures.rows) if self.first is not None else 0
        self.exposures: Exposures = exposures.part(slice(size, None))
        "The showings that are counted here."

    def __call__(
        self, reader: str, history: Sequence[int] | Rows, rows: Rows, as_of: float, since: float = -np.inf
    ) -> Floats:
        """Return for catalogue rows (rows,) 0 if the reader read the article, else 1 / (1 + the times it was in vain).

        `history` are the catalogue rows of what the reader read. An article was shown in vain each time that a list
        showed it and it was not clicked, in the last WINDOW_HOURS, not before `since` and strictly before `as_of`
        (epoch seconds). For example, an article that was shown twice and not clicked has 1/3. An article that no known
        list showed has 1. All NaN for a reader of whom neither a list nor a history is known.
        """
        lists = self._in_vain(reader, as_of, since)
        if lists is None and not len(history):
            return np.full(len(rows), np.nan)
        passed = np.zeros(0, np.int64) if lists is None else np.sort(lists)
        counts = np.searchsorted(passed, rows, side="right") - np.searchsorted(passed, rows, side="left")
        found = np.where(np.isin(rows, history), 0.0, 1.0 / (1.0 + counts))
        return found.astype(np.float32).astype(np.float64)  # as the table candidates holds it

    def _in_vain(self, reader: str, as_of: float, since: float) -> Rows | None:
        """Return the rows of articles that the reader was shown in vain, once for each time; None without a list."""
        earlier = self.first._in_vain(reader, as_of, since) if self.first is not None else None
        start, end = self._bounds.get(reader, (0, 0))
        times = self._by_reader.times[start:end]
        window = max(as_of - WINDOW_HOURS * HOUR, since), as_of
        first, last = start + np.searchsorted(times, window, side="left")
        if first >= last:
            return earlier
        part = self._by_reader.part(slice(first, last))
        rows = part.rows[part.clicked == 0]
        return rows if earlier is None else np.concatenate([earlier, rows])

    @cached_property
    def _by_reader(self) -> Exposures:
        """The labelled showings of known readers, reader after reader, each oldest first."""
        known = self.exposures.part((self.exposures.users >= 0) & (self.exposures.clicked >= 0))
        return known.part(np.argsort(known.users, kind="stable"))

    @cached_property
    def _bounds(self) -> dict[str, tuple[int, int]]:
        """Where the showings of each reader begin and end."""
        users, starts, counts = np.unique(self._by_reader.users, return_index=True, return_counts=True)
        places = zip(users.tolist(), starts.tolist(), (starts + counts).tolist(), strict=True)
        return {self.exposures.readers[user]: (start, end) for user, start, end in places}


def _begins(exposures: Exposures, first: Exposures) -> bool:
    """Return whether the first of these showings are those of `first`, and their readers have the same numbers."""
    size, readers = len(first.rows), first.readers
    return exposures.readers[: len(readers)] == readers and all(
        np.array_equal(one[:size], other)
        for one, other in ((exposures.times, first.times), (exposures.rows, first.rows), (exposures.users, first.users))
    )
