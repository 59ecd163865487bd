"""The seal of an Arrow file: the SHA-256 of the file in its own metadata, so that any changed byte is noticed.

An Arrow IPC file holds its metadata twice, at its beginning and at its end. The seal stands in both. It is the SHA-256
of the file's bytes with a line of zeros in place of both seals, so the file stays one file that is replaced atomically.
Files of earlier versions have no seal, and are read without this check.
"""

from __future__ import annotations

import hashlib
import os
import re
import struct
from pathlib import Path
from typing import BinaryIO, NamedTuple

from broadsheet.tables.files import is_settled
from broadsheet.tables.locks import ThreadLock

SEAL = "seal"
"""Key of the seal in a file's metadata."""
_NAME = b"file-sha256:"
_EMPTY = b"0" * 64
UNSEALED = (_NAME + _EMPTY).decode()
"""Value of the key `seal` in a file that is still being written."""
_SEALED = re.compile(re.escape(_NAME) + rb"([0-9a-f]{64})")
_BLOCK = 1 << 20
_LENGTH = struct.Struct("<i")
_MAGIC = b"ARROW1"
_HEAD, _TAIL = len(_MAGIC) + 2 + 2 * _LENGTH.size, _LENGTH.size + len(_MAGIC)
"""Bytes before the first metadata (the magic bytes, the mark of a message and its length), and after the last."""


class Identity(NamedTuple):
    """What tells one content of a file from another without reading it."""

    device: int
    inode: int
    size: int
    changed_ns: int


class Checked:
    """The contents of files that were read whole and found sound in this process; safe to share between threads."""

    def __init__(self) -> None:
        self._found: dict[Identity, None] = {}
        self._lock = ThreadLock()

    def __contains__(self, identity: Identity) -> bool:
        return identity in self._found

    def add(self, identity: Identity) -> None:
        """Remember a content, unless the file changed so lately that another content could bear the same time."""
        if not is_settled(identity.changed_ns):
            return
        with self._lock:
            self._found[identity] = None
            while len(self._found) > 10_000:  # far more files than a process reads; the oldest are read again
                del self._found[next(iter(self._found))]


CHECKED = Checked()
"""The contents of Arrow files that this process has checked; a file is hashed once, however often it is opened."""


def identity_of(file: BinaryIO) -> Identity:
    """Return the identity of an open file's content; its time of change, unlike that of writing, cannot be set."""
    found = os.fstat(file.fileno())
    return Identity(found.st_dev, found.st_ino, found.st_size, found.st_ctime_ns)


def identity_at(path: Path) -> Identity:
    """Return the identity of a file's content now."""
    with path.open("rb") as file:
        return identity_of(file)


def seal(path: Path) -> None:
    """Put the seal into a file that was written with the key `seal` and the value UNSEALED, and is not in use yet."""
    with path.open("rb+") as file:
        places = _places(file)
        if len(places) != 2:
            raise ValueError(f"{path}: found {len(places)} places for the seal, expected 2")
        digest = _digest(file, places).encode()
        for place in places:
            file.seek(place)
            file.write(digest)


def is_sealed(path: Path) -> bool:
    """Return whether a file bears a seal, whole or not; files of earlier versions bear none."""
    with path.open("rb") as file:
        return bool(_places(file))


def seal_problem(file: BinaryIO) -> str:
    """Return what is wrong with the bytes of an Arrow file; empty if nothing is, or if the file bears no seal."""
    places = _places(file)
    if not places:
        return ""
    found = {_at(file, place) for place in places}
    if len(places) != 2 or len(found) != 1:
        return "its two seals differ"
    expected, actual = found.pop().decode(), _digest(file, places)
    return "" if actual == expected else f"its SHA-256 is {actual}, and its seal says {expected}"


def _places(file: BinaryIO) -> list[int]:
    """Return where the 64 digits of the seals begin, in the metadata at the beginning and at the end of a file."""
    size = file.seek(0, os.SEEK_END)
    if size < _HEAD + _TAIL:
        return []
    head, tail = _length(file, _HEAD - _LENGTH.size), _length(file, size - _TAIL)
    found = []
    for start, length in ((_HEAD, head), (size - _TAIL - tail, tail)):
        if 0 < length <= size - _HEAD - _TAIL:
            file.seek(start)
            found += [start + match.start(1) for match in _SEALED.finditer(file.read(length))][:1]
    return found


def _length(file: BinaryIO, place: int) -> int:
    length: int = _LENGTH.unpack(_at(file, place, _LENGTH.size))[0]
    return length


def _at(file: BinaryIO, place: int, length: int = len(_EMPTY)) -> bytes:
    file.seek(place)
    return file.read(length)


def _digest(file: BinaryIO, places: list[int]) -> str:
    """Return the SHA-256 of a file with zeros at both places."""
    digest = hashlib.sha256()
    file.seek(0)
    for place in places:
        _update(digest, file, place - file.tell())
        digest.update(_EMPTY)
        file.seek(place + len(_EMPTY))
    _update(digest, file, None)
    return digest.hexdigest()


def _update(digest: hashlib._Hash, file: BinaryIO, length: int | None) -> None:
    """Feed the next `length` bytes of a file into a hash; None for all that follow."""
    while length is None or length > 0:
        block = file.read(_BLOCK if length is None else min(_BLOCK, length))
        if not block:
            return
        digest.update(block)
        length = None if length is None else length - len(block)
