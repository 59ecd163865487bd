"""What acts since the edition add to the popularity of articles, counted as the next build will count them."""

from __future__ import annotations

from array import array

import numpy as np

from broadsheet.corpus.worth import Worth, joined, weighed
from broadsheet.live.events.acts import ACTS, Row, clicks_of, reader_of

KINDS = (*ACTS, "dwell", "undo")
"""Kinds of events that change what an article's acts are worth."""


class LiveWorth:
    """The worth of acts that grows by events.

    The acts of a reader on an article are counted anew when another event of both comes in: a dwell may make the last
    click a long read, and an undo may take it back. A dwell of a click that the edition holds counts from the next
    edition on.
    """

    def __init__(self, first: Worth) -> None:
        """Begin with what the edition's acts are worth."""
        self._first = first
        self._events: dict[tuple[str, int], list[Row]] = {}
        self._changed: dict[tuple[str, int], None] = {}
        self._places: dict[tuple[str, int], range] = {}
        self._rows, self._times, self._seconds, self._kept = array("q"), array("d"), array("d"), array("b")
        self._kinds: list[str] = []

    def add(self, event: Row, row: int) -> None:
        """Take an event on the article in a row of the catalogue; events come in the order of their numbers."""
        if event["kind"] in KINDS:
            about = reader_of(event), row
            self._events.setdefault(about, []).append(event)
            self._changed[about] = None

    def worth(self) -> Worth:
        """Return what the acts are worth now."""
        for about in self._changed:
            for place in self._places.get(about, ()):
                self._kept[place] = 0
            self._places[about] = self._count(about)
        self._changed.clear()
        kept = np.array(self._kept, np.bool_)
        rows, times, seconds = (np.array(column)[kept] for column in (self._rows, self._times, self._seconds))
        kinds = np.array(self._kinds, str)[kept].tolist()
        return joined(self._first, weighed(rows.astype(np.int64), kinds, times, seconds, self._first.settings))

    def _count(self, about: tuple[str, int]) -> range:
        """Count the acts of a reader on an article as they are now; returns their places."""
        start = len(self._rows)
        for act in clicks_of(self._events[about]).values():
            self._rows.append(about[1])
            self._times.append(act["time"].timestamp())
            self._seconds.append(np.nan if act["dwell_seconds"] is None else act["dwell_seconds"])
            self._kept.append(1)
            self._kinds.append(act["event"])
        return range(start, len(self._rows))
