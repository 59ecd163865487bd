"""The time that trials of kinds may take, in proportion to what the encoding of the vectors takes."""

from collections.abc import Callable
from math import inf
from time import perf_counter

SHARE_OF_ENCODING = 0.2
"""Trials take at most this share of the time that encoding all vectors takes."""


class Budget:
    """Seconds that trials may take; they run from the moment the budget is made."""

    def __init__(self, seconds: float = inf, clock: Callable[[], float] = perf_counter) -> None:
        self.seconds, self._clock, self._began = seconds, clock, clock()

    @property
    def spent(self) -> float:
        """Seconds since the budget was made."""
        return self._clock() - self._began

    def allows(self, seconds: float) -> bool:
        """Return whether work that takes `seconds` would end within the budget."""
        return self.spent + seconds <= self.seconds


MakeBudget = Callable[[int], Budget]
"""From a number of vectors to the budget of their trials; called when the trials begin, and only if there are any."""


def no_limit(count: int) -> Budget:
    """Return a budget that never ends, for any number of vectors."""
    return Budget()
