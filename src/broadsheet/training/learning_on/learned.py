"""What learning on makes of one model: how it scores what is held out, before and after, and its new folder."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from broadsheet.tables.arrays import Floats


@dataclass(frozen=True)
class Learned:
    """One model after learning on."""

    before: Floats
    "Scores of what the held-out impressions show, by the model in use, (shown,)."
    after: Floats
    "The same by the model that learned on."
    learned: int
    "New impressions, or clicks of the towers, that it learned from."
    replayed: int
    "Older ones."
    save: Callable[[Path, Mapping[str, Any]], None]
    "Writes its folder, given the path of a new folder and what the card says."
