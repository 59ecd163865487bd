"""What an endpoint may still be asked: a budget of tokens, and a stop after failures in a row.

The stop makes a dead endpoint cost a night a minute or two, and a page a few seconds once. After a pause one draft is
tried for all: an endpoint that has come back is asked again.
"""

import time
from threading import Lock

IN_A_ROW = 8
"Drafts that fail one after the other before the endpoint is left alone; more than are asked for at once."
PAUSE = 60.0
"Seconds for which it is then left alone."


class Allowance:
    """Tokens and failures of all threads that ask one endpoint; `tokens` is the budget, 0 for none."""

    def __init__(self, tokens: int = 0) -> None:
        self._budget, self._spent = tokens, 0
        self._in_a_row, self._resumes = 0, 0.0
        self._lock = Lock()

    @property
    def spent(self) -> int:
        """Tokens spent, with the estimates of the tries that are on their way."""
        with self._lock:
            return self._spent

    def take(self, tokens: int) -> str:
        """Set an estimate of tokens aside for one try; returns why it may not be, else an empty string."""
        with self._lock:
            if self._budget and self._spent + tokens > self._budget:
                return f"budget of {self._budget} tokens spent"
            if self._in_a_row >= IN_A_ROW:
                if time.monotonic() < self._resumes:
                    return f"left alone after {IN_A_ROW} failures in a row"
                self._resumes = time.monotonic() + PAUSE  # this one tries for all
            self._spent += tokens
            return ""

    def settle(self, estimate: int, tokens: int | None) -> None:
        """Put what a try cost in place of its estimate; where nobody knows, the estimate stands."""
        with self._lock:
            self._spent += 0 if tokens is None else tokens - estimate

    def count(self, *, answered: bool) -> None:
        """Count a draft that was had, or that failed after all its tries."""
        with self._lock:
            self._in_a_row = 0 if answered else self._in_a_row + 1
            if self._in_a_row == IN_A_ROW:
                self._resumes = time.monotonic() + PAUSE
