"""Pages drawn by a policy of exploration without their probabilities, for simulations of many pages."""

from __future__ import annotations

import numpy as np

from broadsheet.rerank.exploration.policy import Candidates, Exploration, chances_of
from broadsheet.tables.arrays import Floats, Rows


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
