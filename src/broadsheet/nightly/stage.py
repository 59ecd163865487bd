"""What every stage of a build is, and what it says of its work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, NamedTuple


class Done(NamedTuple):
    """What a stage did: a line for people, and the numbers in it by name."""

    line: str
    counts: dict[str, int]

    def __str__(self) -> str:
        return self.line


Record = Callable[[dict[str, Any]], None]


Step = Callable[..., Done | str]
"""Reads a workbench's edition, writes to another (in a build the same), and says what it did.

`encode`, `index`, `generate` and `digest` also take `known`, what earlier editions have to take work over from; what
`rerank` takes over is of the workbench, `earlier_rankings`, since retrieval and re-ranking may be one step of a worker.
"""

Engine = Callable[[], AbstractContextManager[Mapping[str, Step]]]
"""Gives the steps of a build, and holds what runs them until it is left."""
