"""What every stage of a build is, and what it says of its work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from broadsheet.newsroom import Edition
from broadsheet.nightly.earlier import Earlier
from broadsheet.workbench.workbench import Workbench


@dataclass(frozen=True)
class StageReport:
    """What a stage did."""

    line: str
    "A line for people."
    counts: Mapping[str, int] = field(default_factory=dict)
    "The numbers in it by name, for the build log."
    figures: Mapping[str, Any] = field(default_factory=dict)
    "What the stage measured, for the edition's manifest, by its key there."


Record = Callable[[dict[str, Any]], None]
"""Takes what a stage did as a dictionary: time, stage, what, seconds and counts."""

Step = Callable[[Workbench, Edition, Earlier], StageReport]
"""Reads a workbench's edition, writes to another (in a build the same), and says what it did.

What is the same as in `Earlier` work is taken over from there.
"""

Engine = Callable[[], AbstractContextManager[Mapping[str, Step]]]
"""Gives the steps of a build, and holds what runs them until it is left."""
