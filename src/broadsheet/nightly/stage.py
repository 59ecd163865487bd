"""The types of a build's stages: a stage as a function, its report, and an engine that runs stages."""

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
    "What it did, in a line for people."
    counts: Mapping[str, int] = field(default_factory=dict)
    "The numbers of that line by name, for the build log."
    figures: Mapping[str, Any] = field(default_factory=dict)
    "What the stage measured, by the key under which the edition's manifest holds it."


Record = Callable[[dict[str, Any]], None]
"""Takes a dictionary of what a stage did: time, stage, what, seconds and counts."""

Stage = Callable[[Workbench, Edition, Earlier], StageReport]
"""Reads the tables of a workbench's edition, writes its own tables into an edition's folder, and returns a report.

A build writes into the folder that it reads; `broadsheet stage` writes into another. Work that the files of `Earlier`
already hold is taken over rather than done again.
"""

Engine = Callable[[], AbstractContextManager[Mapping[str, Stage]]]
"""Opens a context that yields the stages of a build by name. Ray's workers, for example, run until the context ends."""
