"""What acts since the edition add to the popularity of articles, counted as the next build will count them."""

from __future__ import annotations

from array import array
from dataclasses import replace

import numpy as np

from broadsheet.corpus.worth import READING, Worth, joined, weighed
from broadsheet.live.events.acts import ACTS, Row, changed, reader_of
from broadsheet.tables.arrays import Flags

KINDS = (*ACTS, "dwell", "undo")
"""Kinds of events that change what an article's acts are worth."""


class LiveWorth:
    """The worth of acts that grows by events.

    The acts of a reader on an article are counted anew when another event of both comes in: a dwell may make the last
    click a long read, and an undo may take it back.
    """

    def __init__(self, first: Worth) -> None:
        """Begin with what the edition's acts are worth."""
        self._first = first
        self._events: dict[tuple[str, int], list[Row]] = {}
        self._held: dict[tuple[str, int], list[Row]] = {}
        self._changed: dict[tuple[str, int], None] = {}
        self._places: dict[tuple[str, int], range] = {}
        self._rows, self._times, self._seconds = array("q"), array("d"), array("d")
        self._signs = array("b")
        "1 for what is added, -1 for what the edition counts and a reader took back, 0 for what was counted anew."
        self._kinds: list[str] = []

    def add(self, event: Row, row: int) -> None:
        """Take an event on the article in a row of the catalogue; events come in the order of their numbers."""
        if event["kind"] in KINDS:
            about = reader_of(event), row
            self._events.setdefault(about, []).append(event)
            self._changed[about] = None

    def hold(self, event: Row, row: int) -> None:
        """Take an event that the edition's acts have, so that a later event can change it."""
        if event["kind"] in KINDS:
            self._held.setdefault((reader_of(event), row), []).append(event)

    def has_read(self, event: Row, row: int) -> bool:
        """Return whether the reader of an event was seen to read the article in a row, by an event taken here."""
        about = reader_of(event), row
        return any(act["kind"] in READING for act in (*self._events.get(about, ()), *self._held.get(about, ())))

    def worth(self) -> Worth:
        """Return what the acts are worth now."""
        for about in self._changed:
            for place in self._places.get(about, ()):
                self._signs[place] = 0
            self._places[about] = self._count(about)
        self._changed.clear()
        signs = np.array(self._signs)
        found = joined(self._first, self._weighed(signs > 0))
        if (signs < 0).any():
            less = self._weighed(signs < 0)
            found = joined(found, replace(less, weights=-less.weights))
        return found

    def _weighed(self, kept: Flags) -> Worth:
        rows, times, seconds = (np.array(column)[kept] for column in (self._rows, self._times, self._seconds))
        kinds = np.array(self._kinds, str)[kept].tolist()
        return weighed(rows.astype(np.int64), kinds, times, seconds, self._first.settings)

    def _count(self, about: tuple[str, int]) -> range:
        """Count the acts of a reader on an article as they are now; returns their places."""
        start, held = len(self._rows), self._held.get(about, [])
        for sign, acts in zip((1, -1), changed(held, [*held, *self._events[about]]), strict=True):
            for act in acts:
                self._rows.append(about[1])
                self._times.append(act["time"].timestamp())
                self._seconds.append(np.nan if act["dwell_seconds"] is None else act["dwell_seconds"])
                self._signs.append(sign)
                self._kinds.append(act["event"])
        return range(start, len(self._rows))
