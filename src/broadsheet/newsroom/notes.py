"""Notes of what a newsroom has had, each a file in its folder `notes`, so that a lost file is not taken for no file.

The notes lie outside the folders that they speak of. Without its note, a lost table of mutes would look like a newsroom
in which nobody ever muted anything. The second line of a note is the SHA-256 of the first. A note of an earlier version
is a number or nothing, without an end of the line and without a hash.
"""

import hashlib
import re
from pathlib import Path

from broadsheet.errors import NewsroomError
from broadsheet.tables.files import write_text

_EARLIER = re.compile(rb"[0-9]*")


def write_note(note: Path, value: str = "") -> None:
    """Write a note of one line, on the disk when the call returns; a note that says the same is left as it is."""
    if read_note(note) != value:
        write_text(note, f"{value}\n{_sha256(value)}\n")


def read_note(note: Path) -> str | None:
    """Return what a note says; None if there is no note. Raises NewsroomError if it is not as it was written."""
    try:
        content = note.read_bytes()
    except FileNotFoundError:
        return None
    if _EARLIER.fullmatch(content):
        return content.decode()
    value, *rest = content.decode(errors="replace").split("\n")
    if rest != [_sha256(value), ""]:
        raise NewsroomError(
            f"{note}: not the note that was written (found {content[:80]!r}, expected a line and its SHA-256). Restore "
            "this file from a copy. If there is no copy, delete it once `broadsheet verify` names nothing else."
        )
    return value


def _sha256(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
