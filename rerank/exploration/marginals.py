"""Marginal probabilities of any policy: all ways to a slot, weighed, or a sample of them where there are too many."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from broadsheet.rerank.exploration.chances import Chances
from broadsheet.rerank.exploration.openings import open_chance
from broadsheet.tables.arrays import Flags, Floats, Integers, Rows

MOST_STATES = 1024
"""Ways that are followed where there are too many to follow all."""
WAYS_OF_A_STATE = 6
"""With 1,024 states, 6,144 ways: a budget of two slots over sixty articles has 5,700 at most, and so is exact."""
NOTHING = 1e-15
"""Probability below which a state is not followed."""


class _States(NamedTuple):
    """What may stand above a slot: which articles are left, and how many slots were open; with probabilities."""

    left: Flags
    "(states, articles)"
    opened: Integers
    "(states,)"
    mass: Floats
    "Probability of each state (states,); they sum to 1."
    keys: Integers
    "A number for each set of articles left (states,)."


def state_marginals(chances: Chances, articles: int, slots: int, budget: int, most: int = MOST_STATES) -> Floats:
    """Return the probability of each article in each slot, (slots, articles), under any policy.

    The slots are gone through from the top with all states that may stand above, so the result is exact as long as
    the ways from a slot to the next are at most WAYS_OF_A_STATE times `most`. Where there are more, a systematic sample
    of `most` ways goes on. Then a probability p has a standard error of at most sqrt(p * (1 - p) / most), 0.016 for
    p = 0.5, and far less in practice; it is the same each time.
    """
    numbers = np.random.PCG64(0)
    names = (np.asarray(numbers.random_raw(articles)) >> np.uint64(2)).astype(np.int64)
    states = _States(np.ones((1, articles), np.bool_), np.zeros(1, np.int64), np.ones(1), np.zeros(1, np.int64))
    table = np.zeros((slots, articles))
    for passed in range(slots):
        opening = open_chance(states.opened, passed, slots, budget)
        best, drawn, may = states.left.argmax(axis=1), np.zeros(states.left.shape), opening > 0
        if may.any():
            drawn[may] = (states.mass * opening)[may, None] * chances(states.left[may])
        closed = states.mass * (1 - opening)
        table[passed] = drawn.sum(axis=0) + np.bincount(best, closed, minlength=articles)
        if passed + 1 < slots:
            origin, item = np.nonzero(drawn > NOTHING)
            stays = np.flatnonzero(closed > NOTHING)
            ways = _Ways(
                np.concatenate([stays, origin]),
                np.concatenate([best[stays], item]),
                np.concatenate([states.opened[stays], states.opened[origin] + 1]),
                np.concatenate([closed[stays], drawn[origin, item]]),
            )
            states = _followed(states, ways.sample(most, numbers), names)
    return table


class _Ways(NamedTuple):
    """Ways from the states above a slot to the states above the next; four arrays of one length."""

    origin: Rows
    "Number of the state above."
    item: Rows
    "The article that the slot gets."
    opened: Integers
    "How many slots were open so far, this slot included."
    mass: Floats
    "Probability of the way."

    def sample(self, most: int, numbers: np.random.PCG64) -> _Ways:
        """Return all ways if there are few, else some `most`: the most probable as they are, of the others a sample.

        Of the others each has a chance in proportion to its probability, one in every stratum (Fearnhead and Clifford
        2003), and all that are drawn get the same probability.
        """
        if len(self.mass) <= WAYS_OF_A_STATE * most:
            return self
        bound = _bound(self.mass, most)
        large, small = np.flatnonzero(self.mass >= bound), np.flatnonzero(self.mass < bound)
        ends = np.cumsum(self.mass[small])
        places = max(round(ends[-1] / bound), 1)
        points = (np.arange(places) + _uniforms(numbers, places)) / places * ends[-1]
        drawn = small[np.minimum(np.searchsorted(ends, points, side="right"), len(small) - 1)]
        chosen = np.concatenate([large, drawn])
        mass = np.concatenate([self.mass[large], np.full(places, ends[-1] / places)])
        return _Ways(self.origin[chosen], self.item[chosen], self.opened[chosen], mass)


def _bound(mass: Floats, most: int) -> float:
    """Return the probability above which a way is kept as it is, so that `most` are kept or drawn in all."""
    bound = mass.sum() / most
    for _ in range(20):  # it falls to its place, where the ways below it fill the places that the ways above leave
        large = mass >= bound
        bound = mass[~large].sum() / (most - large.sum())
    return float(bound)


def _uniforms(numbers: np.random.PCG64, count: int) -> Floats:
    """Return random numbers from 0 to below 1, from raw bits: only these are the same in every version of NumPy."""
    found: Floats = (np.asarray(numbers.random_raw(count)) >> np.uint64(11)) / 2.0**53
    return found


def _followed(states: _States, ways: _Ways, names: Integers) -> _States:
    """Return the states that the ways lead to, each once."""
    keys = states.keys[ways.origin] ^ names[ways.item]
    # The sum names a set of articles and a number of open slots; two of a page have the same name once in 10**11 pages.
    _, first, group = np.unique(keys + ways.opened, return_index=True, return_inverse=True)
    left = states.left[ways.origin[first]]
    left[np.arange(len(first)), ways.item[first]] = False
    return _States(left, ways.opened[first], np.bincount(group, ways.mass).astype(np.float64), keys[first])
