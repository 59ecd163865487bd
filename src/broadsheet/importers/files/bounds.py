"""Bounds of what a file may unfold to, so that a small file cannot fill the memory or the disk."""

from collections.abc import Callable
from pathlib import Path

from broadsheet.errors import CorpusError

Skip = Callable[[str], None]
"""Takes the reason why one row was not delivered."""

MOST_ROW_BYTES = 8 << 20
"""Most bytes of one row, be it a line, a quoted row of several lines, or an object of JSON. No article is as long."""
TOO_LONG = f"longer than {MOST_ROW_BYTES >> 20} MiB"
"""The reason for a row that is left out because of MOST_ROW_BYTES."""
MOST_UNFOLDING = 200
"""Most bytes that a packed file may hold for each of its bytes. Texts are packed to a tenth, clicks to a fiftieth."""
ALWAYS_ALLOWED = 256 << 20
"""Bytes that any packed file may hold, however small it is."""


class Allowance:
    """What a packed file may still unfold to."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._left = max(ALWAYS_ALLOWED, MOST_UNFOLDING * path.stat().st_size)

    def spend(self, size: int) -> None:
        """Count `size` unpacked bytes; raises CorpusError if the file holds more than it may."""
        self._left -= size
        if self._left < 0:
            raise CorpusError(
                f"{self._path}: unfolds to more than {MOST_UNFOLDING} times its size, which real data does not. If its "
                f"data is real, write it again as several files of less than {ALWAYS_ALLOWED >> 20} MiB unpacked."
            )
