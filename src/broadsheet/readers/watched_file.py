"""A small file that other processes replace while this one runs, read again when it has changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from broadsheet.tables.files import is_settled
from broadsheet.tables.locks import ThreadLock

Content = TypeVar("Content")


class Watched(Generic[Content]):
    """What a file holds now; safe to share between threads."""

    def __init__(self, path: Path, read: Callable[[Path], Content], absent: Callable[[], Content]) -> None:
        """`absent` returns what stands for a file that is not there, or raises an error if it must be there."""
        self._path, self._read, self._absent = path, read, absent
        self._lock = ThreadLock()
        self._content: Content | None = None
        self._seen = (0, 0, 0)

    def is_at_hand(self) -> bool:
        """Return whether the call needs to read no file; costs a look at the file."""
        try:
            found = self._path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return True
        return (found.st_ino, found.st_mtime_ns, found.st_size) == self._seen

    def __call__(self) -> Content:
        """Return what the file holds; raises what `read` and `absent` raise."""
        try:
            found = self._path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return self._absent()
        seen = (found.st_ino, found.st_mtime_ns, found.st_size)
        with self._lock:
            if seen != self._seen or self._content is None:
                self._content = self._read(self._path)
                self._seen = seen if is_settled(found.st_mtime_ns) else (0, 0, 0)
            return self._content
