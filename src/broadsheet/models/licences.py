"""Weights that learned on from those of the package: they have the package's licence, which is for research only."""

import json
from pathlib import Path

from broadsheet.errors import ModelError
from broadsheet.models.trained_folder import CARD


def of_package(folder: Path | None, shipped: Path) -> bool:
    """Whether a model in use is the package's, in the folder `shipped`, or learned on from it."""
    return folder is not None and (folder == shipped or learned_on_shipped(folder))


def learned_on_shipped(folder: Path) -> bool:
    """Whether a folder's weights learned on from weights of the package: then its card has their licence."""
    try:
        card = json.loads((folder / CARD).read_text("utf-8"))
    except (OSError, ValueError):
        return False  # who reads the folder says what is wrong with it
    return isinstance(card, dict) and "licence" in card


def require_own(folder: Path, command: str) -> None:
    """Raise ModelError if only open licences are wanted, and a folder's weights learned on from the package's."""
    if learned_on_shipped(folder):
        raise ModelError(
            f'{folder}: learned on from weights of the package, which are for research only, but licence = "open" in '
            "broadsheet.toml. Take it back with `broadsheet learn --undo`, or train your own: "
            f"`broadsheet {command}`."
        )
