"""A thread that looks at something now and then, until it is stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Watch:
    """Calls a function again and again, in a thread of its own; the process ends without waiting for it."""

    def __init__(self, name: str, look: Callable[[], float], first: float = 0.0) -> None:
        """`look` raises nothing and returns the seconds until its next call; `first` are those before the first."""
        self._look, self._first, self._stopped = look, first, threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more, and wait for a look that has begun; nothing happens if `start` was not called."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        seconds = self._first
        while not self._stopped.wait(seconds):
            seconds = self._look()
