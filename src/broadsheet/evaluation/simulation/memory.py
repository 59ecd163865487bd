"""What simulated readers remember: pages of today, articles that they passed over, and events that they read about."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from broadsheet.evaluation.simulation.behaviour import Appeal, Behaviour, Reading, appeal_of
from broadsheet.evaluation.simulation.truth import Truth
from broadsheet.evaluation.simulation.world import World
from broadsheet.tables.arrays import Floats, Integers, Rows, Vectors

Counts = npt.NDArray[np.uint8]
HOUR = 3600.0


class Memory(NamedTuple):
    """The memory of all readers; its arrays change as readers read."""

    pages_today: Integers
    "(readers,)"
    passed: Counts
    "How often each reader looked at an article and did not click it (readers, articles)."
    opened: Counts
    "How many articles on an event each reader opened, by the row of the event's first article (readers, articles)."

    def tired(self, behaviour: Behaviour, truth: Truth, readers: Rows, rows: Rows) -> Floats:
        """Return what is taken from the log-odds of a click, (readers, articles).

        `rows` are articles for each of the readers (readers, articles), or the same for all (1, articles).
        """
        who = readers[:, None]
        found: Floats = behaviour.tired_of_article * self.passed[who, rows].astype(np.float64)
        found += behaviour.tired_of_event * self.opened[who, truth.events[rows]]
        return found + behaviour.tired_of_pages * self.pages_today[who]

    def note(self, truth: Truth, readers: Rows, shown: Rows, reading: Reading) -> None:
        """Note pages that were read, each of another reader; `shown` are their articles (readers, slots)."""
        self.pages_today[readers] += 1
        page, slot = np.nonzero(reading.looked & ~reading.clicked)
        _add(self.passed, readers[page], shown[page, slot])
        page, slot = np.nonzero(reading.clicked)
        _add(self.opened, readers[page], truth.events[shown[page, slot]])

    def sleep(self) -> None:
        """Begin a new day."""
        self.pages_today[:] = 0


def make_memory(readers: int, articles: int) -> Memory:
    """Return the memory of readers who have seen nothing."""
    passed, opened = (np.zeros((readers, articles), np.uint8) for _ in range(2))
    return Memory(np.zeros(readers, np.int64), passed, opened)


def appeal_to(world: World, memory: Memory, tastes: Vectors, readers: Rows, rows: Rows, now: float) -> Appeal:
    """Return the appeal of articles to some readers at a time, epoch seconds, (readers, articles).

    `tastes` are those of all readers on this day, `rows` are as for `Memory.tired`.
    """
    behaviour, truth = world.behaviour, world.truth
    mean, spread = world.readers.scale
    if len(rows) == 1:
        likeness = tastes[readers] @ truth.words[rows[0]].T
    else:
        likeness = np.einsum("rt,rat->ra", tastes[readers], truth.words[rows])
    matches = (likeness.astype(np.float64) - mean) / spread
    ages = np.maximum(now - truth.published_at[rows], 0.0) / HOUR
    return appeal_of(behaviour, matches, truth.quality[rows], ages, memory.tired(behaviour, truth, readers, rows))


def _add(counts: Counts, who: Rows, rows: Rows) -> None:
    """Add 1 to the counts at some places, each place as often as it is named."""
    np.add.at(counts, (who, rows), 1)  # far below 255: a reader has a few pages a day, each article once on a page
