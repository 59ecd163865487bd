"""The checkpoints that a training by transformers.Trainer leaves, so that the next run goes on from the last."""

import json
from pathlib import Path

from broadsheet.newsroom import remove_folder

TRAINER_STATE = "trainer_state.json"


def last_whole(folder: Path) -> str | None:
    """Return the newest whole checkpoint; Trainer writes its state last, so one without it was cut short, and goes."""
    found = sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]))
    while found:
        try:
            json.loads((found[-1] / TRAINER_STATE).read_text("utf-8"))
            return str(found[-1])
        except (OSError, ValueError):
            remove_folder(found.pop())
    return None
