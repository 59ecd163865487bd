"""Notes of what a newsroom has had, each a file in its folder `notes`, so that a lost file is not taken for no file.

The notes lie outside the folders that they speak of. Without its note, a lost table of mutes would look like a newsroom
in which nobody ever muted anything.
"""

from pathlib import Path

from broadsheet.tables.files import write_text


def write_note(note: Path, value: str = "") -> None:
    """Write a note, on the disk when the call returns; a note that says the same already is left as it is."""
    if read_note(note) != value:
        write_text(note, value)


def read_note(note: Path) -> str | None:
    """Return what a note says; None if there is no note."""
    try:
        return note.read_text("utf-8")
    except FileNotFoundError:
        return None
