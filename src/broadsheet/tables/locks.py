"""Locks between processes: a file that one process at a time holds, and that the system lets go of when it dies."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from broadsheet.errors import NewsroomError


@contextmanager
def locked(path: Path, *, waits: bool = True) -> Iterator[None]:
    """Hold the lock of a file, which is made if it is not there and is never removed.

    Raises BlockingIOError at once if another process holds it and `waits` is False, NewsroomError if the file system
    has no locks or fails.
    """
    handle = _open(path)
    try:
        _take(handle, path, waits)
        yield
    finally:
        os.close(handle)  # which lets go of the lock


def _open(path: Path) -> int:
    flags = os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    with suppress(PermissionError):  # another user's lock can be held without writing to it
        return os.open(path, flags | os.O_RDWR, 0o644)
    return os.open(path, flags & ~os.O_CREAT | os.O_RDONLY)


def _take(handle: int, path: Path, waits: bool) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB))
    except OSError as error:
        # Some file systems say that permission is denied where another process holds the lock.
        if not waits and isinstance(error, BlockingIOError | PermissionError):
            raise BlockingIOError(error.errno, error.strerror) from error
        raise NewsroomError(
            f"{path}: the file system cannot lock this file ({error.strerror}). Nobody else is at work here as far as "
            "is known, and nothing was changed. Put the folder on a file system with locks (flock), such as a local "
            "disk, or mount the network's with them."
        ) from error
