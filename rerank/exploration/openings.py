"""Which slots of a page are open to exploration, and what the articles above tell of it.

At most `budget` slots of a page are open. They are chosen at random, each choice of slots being equally probable, so
that exploration is not always in the first slots. Every other slot takes the best article left. A page shows which
articles stand in its slots, not which slots were open: an open slot may take the best article, too. So the probability
of a slot given the slots above counts all choices of open slots that these agree with.
"""

import numpy as np

from broadsheet.tables.arrays import Floats, Integers


def open_chance(opened: Floats | Integers, passed: int, slots: int, budget: int) -> Floats:
    """Return the probability that the next slot is open, given how many of the `passed` slots above were open."""
    chance: Floats = np.clip((budget - opened) / (slots - passed), 0.0, 1.0)
    return chance


class Openings:
    """How many of the slots above were open, as probabilities."""

    def __init__(self, slots: int, budget: int) -> None:
        """Take the number of slots that may be open, and the most that are open."""
        self._slots, self._budget, self._passed = slots, min(budget, slots), 0
        self._belief = np.zeros(self._budget + 1)
        self._belief[0] = 1.0

    def chance(self) -> float:
        """Return the probability that the next slot is open, given the articles above."""
        return float(self._belief @ self._open())

    def note(self, chance: float, *, best: bool) -> None:
        """Note the next slot: the probability that an open slot has for its article, and whether this is the best left.

        What cannot happen, such as another article than the best once the budget is spent, leaves no probability for
        anything that follows.
        """
        opening = self._open()
        stays = self._belief * (1 - opening) if best else np.zeros_like(self._belief)
        rises = np.concatenate([[0.0], (self._belief * opening * chance)[:-1]])
        self._belief, self._passed = stays + rises, self._passed + 1
        total = self._belief.sum()
        if total > 0:
            self._belief /= total

    def _open(self) -> Floats:
        return open_chance(np.arange(self._budget + 1.0), self._passed, self._slots, self._budget)
