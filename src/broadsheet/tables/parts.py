"""Parts: the finished pieces of a table that is written a block at a time, so that a kill loses a block.

They lie in a folder beside the table until the table is whole. Each process writes parts under numbers of its own, so
that several processes can write at the same time.
"""

from pathlib import Path


def parts_of(table: Path) -> Path:
    """Return the folder of a table's parts."""
    return table.with_suffix(".parts")


def part_path(folder: Path, number: int) -> Path:
    """Return the name of a part."""
    return folder / f"{number:06d}.arrow"


def first_free_number(folder: Path) -> int:
    """Return the number after the largest number of a part in the folder; 0 if the folder has no part."""
    taken = (int(path.stem) for path in folder.glob("*.arrow") if path.stem.isdecimal())
    return max(taken, default=-1) + 1
