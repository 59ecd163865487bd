"""Locks between processes, which are files; between threads, which a forked process finds free; and those of SQLite."""

import fcntl
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from threading import Lock, RLock
from typing import Any
from weakref import WeakSet

from broadsheet.errors import NewsroomError


class ThreadLock:
    """A lock between the threads of one process, for a `with` statement; in a forked process it is free.

    A fork takes only the forking thread along. A lock that another thread held at that moment would never be let go of
    in the child, and a request there would wait for ever.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        _LOCKS.add(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def renew(self) -> None:
        """Let go of the lock, whoever holds it."""
        self._lock = Lock()


_LOCKS: WeakSet[ThreadLock] = WeakSet()


def _in_the_child() -> None:
    for lock in list(_LOCKS):
        lock.renew()
    for computed in _cached_properties():
        if "lock" in vars(computed):
            vars(computed)["lock"] = RLock()


def _cached_properties() -> list[cached_property[Any]]:
    """List the cached properties of our classes: in Python 3.11 each has a lock, which all objects of a class share."""
    ours = [module for name, module in list(sys.modules.items()) if name.partition(".")[0] == "broadsheet" and module]
    kinds = {kind for module in ours for kind in vars(module).values() if isinstance(kind, type)}
    return [value for kind in kinds for value in vars(kind).values() if isinstance(value, cached_property)]


os.register_at_fork(after_in_child=_in_the_child)


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


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """Commit what the block changes, or undo it if the block fails; the connection has `isolation_level=None`.

    It begins with SQLite's lock for writing, so that no other writer can make it fail half-way.
    """
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise
