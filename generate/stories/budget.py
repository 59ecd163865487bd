"""What a build may spend on drafts: minutes, tokens, and drafts that few articles keep.

What is spent is written beside the parts of the stories. So a build that was killed goes on with what it had left, and
what other processes spend for this one, as Ray's workers do, is counted here.
"""

import json
import math
import time
from collections.abc import Callable
from pathlib import Path

from broadsheet.generate.stories.bought import Bought
from broadsheet.tables.files import write_json

NIGHT = 12 * 3600.0
"Seconds after which what a build spent counts as another night's."


class Budget:
    """Counts what the drafts of an edition cost, from the moment it is made; 0 minutes or tokens mean any number.

    `folder` is the folder of the stories' parts, where the count is kept. `tokens_of` returns how many tokens the
    writer has read and written so far. `bought` counts what the drafts bought. `clock` counts seconds; `now` is the
    time in seconds since 1970.
    """

    def __init__(
        self,
        folder: Path,
        *,
        minutes: float = 0.0,
        tokens: int = 0,
        tokens_of: Callable[[], int] = lambda: 0,
        bought: Bought | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._path, self._minutes, self._tokens = folder / "spent.json", minutes, tokens
        self._tokens_of, self._clock, self._now = tokens_of, clock, now
        self._seconds_spent, self._tokens_spent = _read(self._path, now())
        self._counted = clock(), tokens_of()
        self.bought = bought or Bought(folder)

    def __str__(self) -> str:
        bounds = [f"{self._minutes:g} minutes"] * bool(self._minutes) + [f"{self._tokens} tokens"] * bool(self._tokens)
        return " and ".join(bounds)

    def count(self, tokens: int = 0) -> None:
        """Count time and tokens since the last count, and `tokens` that others spent, and keep the sum."""
        seconds, mine = self._clock(), self._tokens_of()
        self._seconds_spent += seconds - self._counted[0]
        self._tokens_spent += mine - self._counted[1] + tokens
        self._counted = seconds, mine
        self.bought.look()
        write_json(
            self._path,
            {"seconds": round(self._seconds_spent, 3), "tokens": self._tokens_spent, "time": round(self._now(), 3)},
        )

    @property
    def spent(self) -> tuple[float, int]:
        """Seconds and tokens that were counted so far."""
        return self._seconds_spent, self._tokens_spent

    def is_spent(self) -> bool:
        """Whether what was counted has reached one of the bounds, or bought too little."""
        return self.is_used_up() or self.bought.is_too_little()

    def is_used_up(self) -> bool:
        """Whether minutes or tokens are spent."""
        return (0 < self._minutes <= self._seconds_spent / 60) or (0 < self._tokens <= self._tokens_spent)


def _read(path: Path, now: float) -> tuple[float, int]:
    """Return the seconds and tokens that a killed build of this night spent; zeros if the file cannot be read."""
    try:
        found = json.loads(path.read_text("utf-8"))
        seconds, tokens, written = float(found["seconds"]), int(found["tokens"]), float(found["time"])
    except (OSError, ValueError, TypeError, KeyError, OverflowError):
        return 0.0, 0
    this_night = abs(now - written) < NIGHT
    return (seconds, tokens) if this_night and 0 <= seconds < math.inf and tokens >= 0 else (0.0, 0)
