"""Notes of the articles whose texts pages wanted and no edition had written; they name articles, never readers.

Each process appends to the file of its edition without a lock, a line for each article.
"""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from broadsheet.newsroom import Newsroom

log = logging.getLogger(__name__)

MOST_BYTES = 1 << 20
"""Size from which a file of notes takes no more: some 40,000 ids of 24 characters."""
MOST_IDS = 1 << 16
"""Ids that a process remembers to have noted; from then on it notes no more."""


class Wanted:
    """Notes articles for an edition, each once in a process; safe to share between threads."""

    def __init__(self, newsroom: Newsroom, edition: str) -> None:
        self._path = newsroom.late_texts.with_name(f"wanted-{edition}.txt")
        self._noted: set[str] = set()
        self._failed = False

    def note(self, news_ids: Iterable[str]) -> None:
        """Note articles; a request that cannot write its notes goes on without them, and the log says so once."""
        new = [news_id for news_id in dict.fromkeys(news_ids) if news_id not in self._noted]
        if not new or self._failed or len(self._noted) >= MOST_IDS:
            return
        self._noted.update(new)
        try:
            self._path.parent.mkdir(exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
            handle = os.open(self._path, flags, 0o644)
            try:
                found = os.fstat(handle)
                if stat.S_ISREG(found.st_mode) and found.st_size < MOST_BYTES:
                    os.write(handle, "".join(f"{news_id}\n" for news_id in new).encode())
            finally:
                os.close(handle)
        except OSError as error:
            self._failed = True
            log.warning(
                "%s: cannot be written (%s), so texts that pages want are not noted for `broadsheet write`.",
                self._path,
                error.strerror,
            )


class Notes(NamedTuple):
    """What the files of notes hold."""

    news_ids: list[str]
    "Ids of articles, the earliest note first, each once; what a damaged line holds is among them."
    is_full: bool
    "Whether a file takes no more notes."


def read_wanted(newsroom: Newsroom) -> Notes:
    """Return what processes noted; a line without an end, which a kill cut off, is left out."""
    found: dict[str, None] = {}
    is_full = False
    for path in _files(newsroom):
        with path.open("rb") as file:
            text = file.read(2 * MOST_BYTES)
        is_full |= len(text) >= MOST_BYTES
        found |= dict.fromkeys(text.decode(errors="replace").split("\n")[:-1])
    return Notes(list(found), is_full)


def forget_wanted(newsroom: Newsroom, current: str) -> None:
    """Remove the notes of all editions but the edition of the name `current`."""
    for path in _files(newsroom):
        if path.name != f"wanted-{current}.txt":
            path.unlink(missing_ok=True)


def _files(newsroom: Newsroom) -> list[Path]:
    folder = newsroom.late_texts.parent
    return sorted(path for path in folder.glob("wanted-*.txt") if path.is_file() and not path.is_symlink())
