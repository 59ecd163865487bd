"""What a stage of a build says of its work."""

from __future__ import annotations

from typing import NamedTuple


class Done(NamedTuple):
    """What a stage did: a line for people, and the numbers in it by name."""

    line: str
    counts: dict[str, int]

    def __str__(self) -> str:
        return self.line
