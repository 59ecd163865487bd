"""Days of thousands of readers without requests: lists on arrays, pages by a policy, clicks by the truth.

Each hour the readers who come get lists by what was known at its beginning. The same seed draws the same readers, the
same hours and the same luck for every policy, so that policies differ by their pages alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from broadsheet.evaluation.simulation.behaviour import Luck, best_pages, draw_luck, expected_clicks, read_pages
from broadsheet.evaluation.simulation.counters import Counters
from broadsheet.evaluation.simulation.lists import Asking, Lister, Lists
from broadsheet.evaluation.simulation.memory import HOUR, appeal_to, make_memory
from broadsheet.evaluation.simulation.readers import drifted
from broadsheet.evaluation.simulation.world import World
from broadsheet.rerank.exploration.policy import Candidates, Exploration, chances_of
from broadsheet.tables.arrays import Flags, Floats, Integers, Rows
from broadsheet.workbench.workbench import Workbench

NO_WEIGHTS: Mapping[str, float] = MappingProxyType({})
SLOTS, ENOUGH = 10, 100
"""Slots of a page, and the showings after which an article is known."""


class Day(NamedTuple):
    """What happened on one day."""

    pages: int = 0
    clicks: int = 0
    expected: float = 0.0
    "Mean clicks of the same pages, by the truth."
    best: float = 0.0
    "Mean clicks of the pages that one who knows the truth would have shown to these readers at these times."
    explored: int = 0
    "Slots with another article than the best left."
    long_reads: int = 0
    hides: int = 0

    def and_then(self, other: Day) -> Day:
        """Return the sums."""
        return Day(**{name: one + two for (name, one), two in zip(self._asdict().items(), other, strict=True)})


@dataclass(frozen=True)
class Run:
    """What happened under one policy."""

    days: list[Day]
    waits: Floats
    "Hours from publication to 100 showings of the articles published in time, NaN if it has fewer (articles,)."
    quality: Floats
    "Hidden quality of these articles (articles,)."
    showings: Integers
    "Showings of each (articles,)."


def run_days(
    bench: Workbench, world: World, exploration: Exploration, days: int, weights: Mapping[str, float] = NO_WEIGHTS
) -> Run:
    """Return what readers do in some days with the pages that a policy makes.

    `weights` replace the newsroom's weights of the signals that they name.
    """
    going = _Going(bench, world, exploration, weights)
    found = [going.day(day) for day in range(days)]
    times = world.truth.published_at
    new = np.flatnonzero((times >= world.start) & (times < world.start + days * 24 * HOUR))
    return Run(found, (going.reached[new] - times[new]) / HOUR, world.truth.quality[new], going.shown[new])


class _Going:
    """A simulation that goes on, hour by hour."""

    def __init__(self, bench: Workbench, world: World, exploration: Exploration, weights: Mapping[str, float]) -> None:
        categories = bench.data.catalogue.news.column("category").combine_chunks().dictionary_encode()
        self._world, self._exploration = world, exploration
        self._lister = Lister(bench, world.truth.published_at, weights)
        half_life = bench.models.config.acts.popularity.half_life_hours
        self._counters = Counters(np.asarray(categories.indices, np.int64), half_life)
        readers, articles = len(world.readers), len(world.truth.words)
        self._memory, self._tastes = make_memory(readers, articles), world.readers.tastes
        self._histories = [list(rows) for rows in world.readers.histories]
        self._left_out: Flags = np.zeros((readers, articles), np.bool_)
        for number, rows in enumerate(self._histories):
            self._left_out[number, rows] = True
        self._interests = self._lister.interests(self._histories[:1]).repeat(readers, axis=0)
        self._changed: Flags = np.ones(readers, np.bool_)  # the reader read since the vector was made
        self._explored = np.zeros(readers, np.int64)
        self.shown = np.zeros(articles, np.int64)
        "How often each article was shown."
        self.reached = np.full(articles, np.nan)
        "When each had been shown ENOUGH times, epoch seconds."

    def day(self, day: int) -> Day:
        """Let a day pass; the user tower reads the histories at its beginning."""
        world, found = self._world, Day()
        self._explored[:] = 0
        self._read_histories(day)
        midnight = world.start + day * 24 * HOUR
        for hour in range(24):
            came, rng = self._who_comes(day, hour)
            luck = Luck(*(part[came] for part in draw_luck(rng, len(world.readers), SLOTS)))
            found = found.and_then(self._hour(came, luck, midnight + hour * HOUR, rng))
        self._memory.sleep()
        drift = np.random.default_rng([world.seed, 4, day])
        self._tastes = drifted(self._tastes, world.truth, world.behaviour, midnight + 24 * HOUR, drift)
        return found

    def _who_comes(self, day: int, hour: int) -> tuple[Rows, np.random.Generator]:
        """Return the readers who ask for a page in an hour, and the generator of what else chance decides in it."""
        rng = np.random.default_rng([self._world.seed, 3, day, hour])
        return np.flatnonzero(self._world.readers.come(hour, 1.0, rng)), rng

    def _read_histories(self, day: int) -> None:
        """Make the vectors of the readers who come on a day and have read since their vectors were made."""
        come = np.unique(np.concatenate([self._who_comes(day, hour)[0] for hour in range(24)]))
        come = come[self._changed[come]]
        if len(come):
            self._interests[come] = self._lister.interests([self._histories[one] for one in come.tolist()])
            self._changed[come] = False

    def _hour(self, came: Rows, luck: Luck, now: float, rng: np.random.Generator) -> Day:
        world, live = self._world, self._lister.live(now)
        if not len(came) or len(live) < SLOTS:
            self._counters.add_hour(np.zeros(0, np.int64), np.zeros(0, np.int64))
            return Day()
        at = came[:, None], live[None]
        asking = Asking(
            self._interests[came],
            [self._histories[one] for one in came.tolist()],
            self._memory.passed[at].astype(np.int64),
            self._left_out[at],
        )
        shown, changed = self._pages(self._lister(self._counters, asking, live, now), came, now, rng)
        seen = appeal_to(world, self._memory, self._tastes, came, shown, now)
        known = appeal_to(world, self._memory, self._tastes, came, live[None], now)
        known.clicks[asking.left_out] = 0.0
        best = known.at(best_pages(world.behaviour, known, SLOTS))
        reading = read_pages(world.behaviour, seen, luck)
        self._memory.note(world.truth, came, shown, reading)
        self._note(came, shown, reading.clicked, reading.hidden, now + HOUR)
        self._counters.add_hour(shown[reading.looked], shown[reading.clicked])
        return Day(
            pages=len(came),
            clicks=int(reading.clicked.sum()),
            expected=float(expected_clicks(world.behaviour, seen).sum()),
            best=float(expected_clicks(world.behaviour, best).sum()),
            explored=int(changed.sum()),
            long_reads=int((reading.seconds >= world.behaviour.long_seconds).sum()),
            hides=int(reading.hidden.sum()),
        )

    def _note(self, came: Rows, shown: Rows, clicked: Flags, hidden: Flags, until: float) -> None:
        for one, rows, hits in zip(came.tolist(), shown, clicked, strict=True):
            self._histories[one] += rows[hits].tolist()
        page, slot = np.nonzero(clicked | hidden)
        self._left_out[came[page], shown[page, slot]] = True
        self._changed[came[clicked.any(axis=1)]] = True
        before = self.shown
        self.shown = before + np.bincount(shown.ravel(), minlength=len(before))
        self.reached[(before < ENOUGH) & (self.shown >= ENOUGH)] = until

    def _pages(self, lists: Lists, came: Rows, now: float, rng: np.random.Generator) -> tuple[Rows, Integers]:
        """Return the pages (readers, slots), and how many slots of each have another article than the best left."""
        pages, changed = lists.rows[:, :SLOTS].copy(), np.zeros(len(came), np.int64)
        if self._exploration.policy != "none":
            for number, one in enumerate(came.tolist()):
                candidates = self._candidates(lists.rows[number], lists.scores[number], now)
                budget = self._exploration.budget(int(self._explored[one]))
                page, changed[number] = draw_page(self._exploration, candidates, SLOTS, budget, rng)
                pages[number, : len(page)] = lists.rows[number, page]
            self._explored[came] += changed
        return pages, changed

    def _candidates(self, rows: Rows, scores: Floats, now: float) -> Candidates:
        """Return a list as the pipeline explores it: scores in falling order, scaled to 0 to 1."""
        known = np.isfinite(scores)
        falling = np.sort(scores[known])[::-1]
        span = falling[0] - falling[-1]
        scaled = (falling - falling[-1]) / span if span > 0 else np.zeros(len(falling))
        young = (now - self._world.truth.published_at[rows[known]]) / HOUR <= self._exploration.young_hours
        found = Candidates(scaled, young)
        if self._exploration.policy == "thompson":
            clicks, misses = self._counters.posteriors().posteriors(rows[known])
            found = replace(found, clicks=clicks, misses=misses)
        return found


def draw_page(
    exploration: Exploration, candidates: Candidates, slots: int, budget: int, rng: np.random.Generator
) -> tuple[Rows, int]:
    """Return the numbers of the articles by slot, and how many slots have another article than the best left.

    Pages are drawn with the same probabilities as by `PageDraw`: `budget` of the slots are open, each choice of slots
    being equally probable, and an open slot gets its article by the policy.
    """
    slots = min(slots, len(candidates))
    opened = rng.permutation(slots)[: min(budget, slots)]
    numbers = rng.random(slots)
    left = np.ones((1, len(candidates)), np.bool_)
    page, explored = np.zeros(slots, np.int64), 0
    chances = chances_of(exploration, candidates) if len(opened) else None
    for slot in range(slots):
        best = number = int(left.argmax())
        if chances is not None and slot in opened:
            number = _drawn(chances(left)[0], numbers[slot])
        page[slot], explored = number, explored + (number != best)
        left[0, number] = False
    return page, explored


def _drawn(chances: Floats, number: float) -> int:
    ends = np.cumsum(chances)
    last = int(np.flatnonzero(chances)[-1])
    return min(int(np.searchsorted(ends, number * ends[-1], side="right")), last)
