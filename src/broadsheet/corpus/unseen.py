"""How often a reader was shown an article and passed it over: what the signal `unseen` is made of."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from broadsheet.corpus.exposures import HOUR, WINDOW_HOURS, Exposures
from broadsheet.tables.arrays import Floats, Rows


class Unseen:
    """Answers for one reader and moment after the other; safe to call from several threads."""

    def __init__(self, exposures: Exposures) -> None:
        """Take the showings of all readers; showings without a known reader, or without labels, tell nothing."""
        self._exposures = exposures

    def __call__(self, reader: str, history: Sequence[int] | Rows, rows: Rows, as_of: float) -> Floats:
        """Return for catalogue rows (rows,) 0 if the reader read the article, else 1 / (1 + the times it was in vain).

        `history` are the catalogue rows of what the reader read. An article was shown in vain each time that a list
        showed it and it was not clicked, in the last WINDOW_HOURS and strictly before `as_of` (epoch seconds). For
        example, an article that was shown twice and not clicked has 1/3. An article that no known list showed has 1.
        All NaN for a reader of whom neither a list nor a history is known.
        """
        start, end = self._bounds.get(reader, (0, 0))
        times = self._by_reader.times[start:end]
        first, last = start + np.searchsorted(times, (as_of - WINDOW_HOURS * HOUR, as_of), side="left")
        if first == last and not len(history):
            return np.full(len(rows), np.nan)
        passed = self._by_reader.part(slice(first, last))
        lists = np.sort(passed.rows[passed.clicked == 0])
        counts = np.searchsorted(lists, rows, side="right") - np.searchsorted(lists, rows, side="left")
        found = np.where(np.isin(rows, history), 0.0, 1.0 / (1.0 + counts))
        return found.astype(np.float32).astype(np.float64)  # as the table candidates holds it

    @cached_property
    def _by_reader(self) -> Exposures:
        """The labelled showings of known readers, reader after reader, each oldest first."""
        known = self._exposures.part((self._exposures.users >= 0) & (self._exposures.clicked >= 0))
        return known.part(np.argsort(known.users, kind="stable"))

    @cached_property
    def _bounds(self) -> dict[str, tuple[int, int]]:
        """Where the showings of each reader begin and end."""
        readers = self._exposures.readers
        ends = np.searchsorted(self._by_reader.users, np.arange(len(readers) + 1)).tolist()
        return {reader: (ends[place], ends[place + 1]) for place, reader in enumerate(readers)}
