"""The files that a running process has mapped: a change made in them is noticed before they are read on.

Broadsheet replaces its files and never changes them, so what a process has mapped stays as it was. Other programs may
write into a file that is in use, as `rsync --inplace` does. Where such a program cuts a mapped file, to read beyond its
new end ends the process by SIGBUS, without a word.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from broadsheet.errors import ContractError
from broadsheet.tables.files import file_sha256
from broadsheet.tables.seal import seal_problem


class _State(NamedTuple):
    device: int
    inode: int
    size: int
    written_ns: int


class FilesInUse:
    """Files that are mapped, as they were at first; safe to share between threads."""

    def __init__(self, files: Mapping[Path, str]) -> None:
        """Take the files with their SHA-256; an Arrow file whose hash is empty is checked by its seal."""
        self._hashes = files
        self._seen = {path: state for path in files if (state := _state(path))}

    def require_unchanged(self) -> None:
        """Raise ContractError if a file was cut or written to since; costs a look at each file.

        A file that was replaced or removed is fine, since the earlier file stays mapped. So is a file that was written
        to and has the same content, as after a copy over itself.
        """
        for path, seen, now in self._written_to():
            if now.size != seen.size:
                problem = f"its size went from {seen.size:,} to {now.size:,} bytes"
            else:
                problem = _content_problem(path, self._hashes[path])
            if problem:
                raise ContractError(
                    f"{path}: another program wrote to this file while it was in use ({problem}). Restore the file as "
                    "it was, or run `broadsheet rollback` or `broadsheet build`, and open the newsroom again."
                )
            self._seen[path] = now

    def is_unchanged(self) -> bool:
        """Return whether no file was cut or written to since; costs a look at each file, and reads no file."""
        return not self._written_to()

    def _written_to(self) -> list[tuple[Path, _State, _State]]:
        """Return the files that another program may have changed, each with its state at first and now."""
        found = [(path, seen, _state(path)) for path, seen in self._seen.items()]
        return [
            (path, seen, now) for path, seen, now in found if now is not None and now != seen and now[:2] == seen[:2]
        ]


def _state(path: Path) -> _State | None:
    """Return what changes with a file's content; None for a file that is gone."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return _State(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


def _content_problem(path: Path, expected: str) -> str:
    if expected:
        actual = file_sha256(path)
        return "" if actual == expected else f"its SHA-256 is {actual}, expected {expected}"
    with path.open("rb") as file:
        return seal_problem(file)
