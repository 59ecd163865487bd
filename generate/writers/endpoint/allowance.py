"""What an endpoint may still be asked: a budget of tokens, and a pause after failures in a row.

Thanks to the pause, a dead endpoint costs a night a minute or two, and a page a few seconds once. After the pause one
draft is tried; if it is answered, the endpoint is asked for all drafts again.
"""

import time
from threading import Lock

IN_A_ROW = 8
"Drafts that fail one after the other before the pause; more than the drafts that are asked for at once."
PAUSE = 60.0
"Seconds of the pause, in which the endpoint is not asked."


class Allowance:
    """Counts tokens and failures of all threads that ask one endpoint; `tokens` is the budget, 0 for no bound."""

    def __init__(self, tokens: int = 0) -> None:
        self._budget, self._spent = tokens, 0
        self._in_a_row, self._resumes = 0, 0.0
        self._lock = Lock()

    @property
    def spent(self) -> int:
        """Tokens spent, with the estimates of the tries that are not answered yet."""
        with self._lock:
            return self._spent

    def take(self, tokens: int) -> str:
        """Set an estimate of tokens aside for one try; returns why the try is not allowed, or an empty text."""
        with self._lock:
            if self._budget and self._spent + tokens > self._budget:
                return f"budget of {self._budget} tokens spent"
            if self._in_a_row >= IN_A_ROW:
                if time.monotonic() < self._resumes:
                    return f"left alone after {IN_A_ROW} failures in a row"
                self._resumes = time.monotonic() + PAUSE  # this try stands for all others
            self._spent += tokens
            return ""

    def settle(self, estimate: int, tokens: int | None) -> None:
        """Put what a try cost in place of its estimate; if `tokens` is None, nobody knows, and the estimate stays."""
        with self._lock:
            self._spent += 0 if tokens is None else tokens - estimate

    def count(self, *, answered: bool) -> None:
        """Count a draft that was answered, or that failed after all its tries."""
        with self._lock:
            self._in_a_row = 0 if answered else self._in_a_row + 1
            if self._in_a_row == IN_A_ROW:
                self._resumes = time.monotonic() + PAUSE
