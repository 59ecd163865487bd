"""Group commit: callers that wait at the same moment share one transaction, and so one sync of the disk.

While a group is written, the next gathers: the busier the store, the larger its groups.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from threading import Event
from typing import NamedTuple

from broadsheet.errors import BroadsheetError, InputError
from broadsheet.live.events.stores.stored_rows import Row
from broadsheet.tables.locks import ThreadLock

MOST = 10_000
"""Events of one transaction, unless one caller alone brings more."""


class Appended(NamedTuple):
    """What became of the events of one call."""

    new: int
    "Events that the store did not have; they are on the disk."
    repeated: int
    "Events that it had already."


class _Waiting:
    """A caller whose rows are to be written."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.answer: Appended | Exception | None = None
        self.woken = Event()


Write = Callable[[Sequence[Sequence[Row]]], list[int]]
"""Writes the rows of several callers, all or nothing; returns how many rows of each caller are new."""


class GroupCommit:
    """Writes rows for callers in any number of threads.

    A caller who comes while nobody writes leads: it writes for all who wait, wakes them, and hands the lead to the
    first who came since. A lock that all wait for would be had by newcomers, and old callers would wait for seconds.
    """

    def __init__(self, write: Write) -> None:
        self._write, self._entering = write, ThreadLock()
        self._waiting: list[_Waiting] = []
        self._is_led, self._process = False, os.getpid()

    def __call__(self, rows: Sequence[Row]) -> Appended:
        """Return once the rows are on the disk; raises what the writing raised, and then none of them is."""
        mine = _Waiting(rows)
        with self._entering:
            if self._process != os.getpid():  # after a fork, those who waited are threads of another process
                self._waiting, self._is_led, self._process = [], False, os.getpid()
            self._waiting.append(mine)
            leads, self._is_led = not self._is_led, True
        if not leads:
            self._wait(mine)
        if mine.answer is None:
            self._lead()
        if isinstance(mine.answer, Appended):
            return mine.answer
        raise mine.answer or AssertionError("a leader writes for itself first")

    def _lead(self) -> None:
        group = self._group()
        try:
            self._write_for(group)
        finally:  # the leader alone may be interrupted: then the others, who have no answer, write for themselves
            with self._entering:
                self._waiting = [one for one in group[1:] if one.answer is None] + self._waiting
                self._hand_over()
            for one in group[1:]:
                if one.answer is not None:
                    one.woken.set()

    def _hand_over(self) -> None:
        """Let the first who waits lead; called under the lock."""
        self._is_led = bool(self._waiting)
        if self._waiting:
            self._waiting[0].woken.set()

    def _wait(self, mine: _Waiting) -> None:
        try:
            mine.woken.wait()
        except BaseException:  # interrupted: whoever waits behind must not wait for this caller to lead
            with self._entering:
                was_to_lead = mine.woken.is_set() and mine.answer is None
                mine.answer = mine.answer or InterruptedError()  # a leader that is interrupted too hands over to others
                self._waiting = [one for one in self._waiting if one is not mine]
                if was_to_lead:
                    self._hand_over()
            raise

    def _group(self) -> list[_Waiting]:
        """Take out those who wait longest, up to MOST events; the leader is the first of them."""
        with self._entering:
            size = count = 0
            for one in self._waiting:
                size += len(one.rows)
                if count and size > MOST:
                    break
                count += 1
            group, self._waiting = self._waiting[:count], self._waiting[count:]
        return group

    def _write_for(self, group: list[_Waiting]) -> None:
        try:
            counts = self._write([one.rows for one in group])
        except Exception as error:
            of_store = isinstance(error, BroadsheetError) and not isinstance(error, InputError)
            if len(group) > 1 and not of_store:  # of one caller's events
                for one in group:
                    self._write_for([one])
                return
            for one in group:
                one.answer = error
            return
        for one, new in zip(group, counts, strict=True):
            one.answer = Appended(new, len(one.rows) - new)
