"""Files that a user names for output: written where the name leads, through links, and into pipes and devices."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from broadsheet.tables.files import replacing

_OPEN_FILES = (Path("/dev/stdout"), Path("/dev/stderr"), Path("/dev/fd"), Path("/proc"))
"""These names stand for what a process has open already, which must not be replaced. Files of /dev/shm are files."""


@contextmanager
def named_output(path: Path) -> Iterator[Path]:
    """Yield the name to write to, where the user named `path`.

    A regular file is replaced whole or not at all, at the end of the links that lead to it; it keeps its mode, and the
    links stay. A pipe or a device is written to as it is. Raises OSError if `path` cannot be written.
    """
    if is_written_through(path):
        yield path
        return
    with replacing(path.resolve()) as part:
        yield part


def write_named(path: Path, content: str | bytes) -> None:
    """Write a text, in UTF-8, or bytes to where the user named `path`; see `named_output`."""
    with named_output(path) as target:
        target.write_bytes(content.encode() if isinstance(content, str) else content)


def check_writable(path: Path) -> None:
    """Raise OSError unless `path` can be written, without a change to what is there; makes the folders on the way."""
    path = path if is_written_through(path) else path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        raise IsADirectoryError(21, "Is a directory", str(path))
    if not path.exists():
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        path.unlink()
    elif not os.access(path, os.W_OK):  # to open a pipe would wait for its reader
        raise PermissionError(13, "Permission denied", str(path))


def is_written_through(path: Path) -> bool:
    """Return whether a file is written as it is: a pipe, a device, or what a process has open."""
    try:
        kind = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    is_open = any(path.absolute().is_relative_to(folder) for folder in _OPEN_FILES)
    return is_open or not (stat.S_ISREG(kind) or stat.S_ISDIR(kind))
