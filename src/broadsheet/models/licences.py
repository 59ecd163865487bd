"""Weights that learned on from those of the package, or hold some: they have its licence, for research only."""

import json
from pathlib import Path

from broadsheet.errors import ModelError
from broadsheet.models.trained_folder import CARD


def of_package(folder: Path | None, shipped: Path) -> bool:
    """Whether a model in use is the package's, in the folder `shipped`, or learned on from it."""
    return folder is not None and (folder == shipped or learned_on_shipped(folder))


def learned_on_shipped(folder: Path) -> bool:
    """Whether a folder's weights learned on from weights of the package: then its card has their licence."""
    return bool(licence_of(folder))


def licence_of(folder: Path) -> dict[str, str]:
    """Return the entry "licence" of a folder's card for the card of what is made from it; nothing if it has none."""
    try:
        card = json.loads((folder / CARD).read_text("utf-8"))
    except (OSError, ValueError):
        return {}  # who reads the folder says what is wrong with it
    return {"licence": str(card["licence"])} if isinstance(card, dict) and "licence" in card else {}


def require_own(folder: Path, command: str) -> None:
    """Raise ModelError if only open licences are wanted, and a folder's weights learned on from the package's."""
    if learned_on_shipped(folder):
        raise ModelError(
            f"{folder}: learned on from weights of the package, or holds some, which are for research only, but "
            'licence = "open" in broadsheet.toml. Take it back with `broadsheet learn --undo`, or train your own: '
            f"`broadsheet {command}`."
        )
