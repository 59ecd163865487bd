"""The clicks and showings of an edition with those of later events; an event costs the same however many there are."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import numpy as np

from broadsheet.corpus.click_log import READING, ClickLog, make_click_log
from broadsheet.corpus.exposures import MOST_WEIGHT, UNKNOWN, Exposures, make_exposures
from broadsheet.live.events.acts import Row, happened
from broadsheet.live.live_worth import LiveWorth
from broadsheet.tables.arrays import Floats


class Clicks:
    """A click log that grows."""

    def __init__(self, log: ClickLog) -> None:
        self._log = log
        self.worth = None if log.worth is None else LiveWorth(log.worth)
        "What acts add to the popularity of articles; None where each click adds 1."
        self._number_of = {reader: number for number, reader in enumerate(log.readers.to_pylist())}
        self._next = max(len(self._number_of), int(log.users.max(initial=-1)) + 1)
        self._users, self._rows, self._times, self._kept = array("q"), array("q"), array("d"), array("b")
        self._places: dict[str, int] = {}
        self._held_places: dict[str, int] = {}
        self._held_kept = np.ones(len(log), np.bool_)

    def add(self, event_id: str, user_id: str, row: int, time: float) -> None:
        """Add a click on the article in a row of the catalogue, at a time in epoch seconds."""
        self._places[event_id] = len(self._rows)
        number = self._number_of.setdefault(user_id, self._next) if user_id else self._next
        self._next = max(self._next, number + 1)
        self._users.append(number)
        self._rows.append(row)
        self._times.append(time)
        self._kept.append(1)

    def hold(self, event: Row, row: int) -> None:
        """Take an act that the log has, on the article in a row, so that a later event can change it."""
        if self.worth is not None:
            self.worth.hold(event, row)
        if event["kind"] in READING:
            log, number = self._log, self._number_of.get(event["user_id"])
            for place in at_time(log.times, happened(event).timestamp()):
                is_readers = log.users[place] == number if event["user_id"] else log.users[place] >= len(log.readers)
                if log.rows[place] == row and is_readers and place not in self._held_places.values():
                    self._held_places[event["event_id"]] = place
                    break

    def knows(self, event: Row, row: int | None) -> bool:
        """Return whether what a dwell or an undo changes was added here, or nothing here depends on the event."""
        if event["kind"] == "undo":
            return self.worth is None and event["undoes"] in self._places
        return row is None or self.worth is None or self.worth.has_read(event, row)

    def take_back(self, event_id: str) -> bool:
        """Leave out a click that was added or held, and return whether it was."""
        held, place = self._held_places.get(event_id), self._places.get(event_id)
        if held is not None:
            self._held_kept[held] = False
        if place is not None:
            self._kept[place] = 0
        return held is not None or place is not None

    def log(self) -> ClickLog:
        """Return the log as it is now."""
        kept, first, held = np.array(self._kept, np.bool_), self._log, self._held_kept
        users, rows, times = (np.array(column)[kept] for column in (self._users, self._rows, self._times))
        return make_click_log(
            np.concatenate([first.users[held], users]).astype(np.int64),
            np.concatenate([first.rows[held], rows]).astype(np.int64),
            np.concatenate([first.times[held], times]),
            worth=None if self.worth is None else self.worth.worth(),
        )


class Showings:
    """Showings that grow by pages, of which readers then see and click slots.

    Of a page that tells which slots came in sight, only these slots count, and those that were clicked. What is known
    to have been in sight counts whole, wherever it was: its slot is UNKNOWN.
    """

    def __init__(self, exposures: Exposures) -> None:
        self._first = exposures
        self._number_of = {reader: number for number, reader in enumerate(exposures.readers)}
        self._rows, self._users, self._pages, self._slots = array("q"), array("q"), array("q"), array("q")
        self._times, self._weights = array("d"), array("d")
        self._clicked, self._seen, self._tells = array("b"), array("b"), array("b")
        self._starts: dict[str, tuple[int, int, int]] = {}
        self._held_kept = np.ones(len(exposures.rows), np.bool_)

    def add(
        self, page_id: str, user_id: str, time: float, rows: Sequence[int], propensity: Sequence[float] | None
    ) -> None:
        """Add a page that was shown at a time in epoch seconds: the catalogue row of each slot, -1 where unknown.

        `propensity` has the probability of the article of each slot to be there; None if it was not logged.
        """
        count = len(rows)
        self._starts[page_id] = (len(self._rows), count, len(self._tells))
        self._rows.extend(rows)
        self._slots.extend(range(1, count + 1))
        number = self._number_of.setdefault(user_id, len(self._number_of)) if user_id else UNKNOWN
        self._users.extend([number] * count)
        self._pages.extend([len(self._tells)] * count)
        self._times.extend([time] * count)
        weights = [np.nan] * count if propensity is None else [1 / max(one, 1 / MOST_WEIGHT) for one in propensity]
        self._weights.extend(weights)
        self._clicked.extend([0] * count)
        self._seen.extend([0] * count)
        self._tells.append(0)

    def hold(
        self, page_id: str, user_id: str, time: float, rows: Sequence[int], propensity: Sequence[float] | None
    ) -> None:
        """Take a page whose showings are there, as `add` does, so that later events on it can change them.

        Where a slot with a known article is not among the showings, the page has told what came in sight.
        """
        first, number, found = self._first, self._number_of.get(user_id), dict[int, int]()
        for place in at_time(first.times, time):
            if first.users[place] == number and first.rows[place] in rows:
                found[rows.index(first.rows[place])] = place
        if not found:
            return
        tells = len(found) < sum(row >= 0 for row in rows)
        self.add(page_id, user_id, time, rows, propensity)
        start, _, page = self._starts[page_id]
        self._tells[page] = tells
        for slot, place in found.items():
            self._held_kept[place] = False
            self._clicked[start + slot], self._seen[start + slot] = int(first.clicked[place] == 1), int(tells)

    def knows(self, page_id: str) -> bool:
        """Return whether a page was added or held."""
        return page_id in self._starts

    def see(self, page_id: str, slot: int) -> None:
        """Note that a slot, 1 is the top, came in sight."""
        if (place := self._place(page_id, slot)) is not None:
            self._seen[place] = 1
            self._tells[self._starts[page_id][2]] = 1

    def click(self, page_id: str, slot: int, clicked: bool = True) -> None:
        """Note that a slot was clicked, or, with `clicked` False, that the click was taken back."""
        if (place := self._place(page_id, slot)) is not None:
            self._clicked[place] = clicked

    def exposures(self) -> Exposures:
        """Return the showings as they are now."""
        rows, clicked, seen = np.array(self._rows, np.int64), np.array(self._clicked), np.array(self._seen, np.bool_)
        tells = np.array(self._tells, np.bool_)[np.array(self._pages, np.int64)]
        counts = (rows >= 0) & (seen | (clicked == 1) | ~tells)
        slots = np.where(tells, UNKNOWN, np.array(self._slots, np.int64))
        first = self._first.part(self._held_kept)
        return make_exposures(
            np.concatenate([first.rows, rows[counts]]).astype(np.int64),
            np.concatenate([first.times, np.array(self._times, np.float64)[counts]]),
            np.concatenate([first.clicked, clicked[counts]]).astype(np.int8),
            np.concatenate([first.weights, np.array(self._weights, np.float64)[counts]]),
            np.concatenate([first.users, np.array(self._users, np.int64)[counts]]).astype(np.int64),
            [*self._number_of],
            np.concatenate([first.slots, slots[counts]]).astype(np.int64),
        )

    def _place(self, page_id: str, slot: int) -> int | None:
        """Return the place of a slot; None for a page that was neither added nor held."""
        start, count, _ = self._starts.get(page_id, (0, 0, 0))
        return start + slot - 1 if 0 < slot <= count else None


def at_time(times: Floats, time: float) -> range:
    """Return the places of a time among times that never fall, epoch seconds that may differ by rounding alone."""
    start, stop = np.searchsorted(times, (time - 1e-6, time + 1e-6))
    return range(int(start), int(stop))
