"""Which weights the candidate sources of a newsroom have: its own, the shipped ones or those of the settings."""

from __future__ import annotations

import json
import math
from pathlib import Path

from broadsheet.config.retrieval import SourceWeights
from broadsheet.errors import ModelError
from broadsheet.tables.schemas import SOURCES

_AGAIN = "Train the towers again, which tunes the weights: `broadsheet train towers`."


def choose_weights(configured: SourceWeights, stored: Path) -> dict[str, float]:
    """Return the weights of the config if they are not the defaults, else those stored, else the defaults.

    Raises ModelError if the file stored does not hold a weight of 0 or more for each source.
    """
    if configured != SourceWeights() or not stored.is_file():
        return {name: getattr(configured, name) for name in SOURCES}
    try:
        found = json.loads(stored.read_text("utf-8"))
        weights = {name: float(found[name]) for name in SOURCES}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{stored}: not weights of the sources {', '.join(SOURCES)} ({error!r}). {_AGAIN}") from error
    if not all(math.isfinite(weight) and weight >= 0 for weight in weights.values()):
        raise ModelError(f"{stored}: found {weights}, expected numbers of 0 or more. {_AGAIN}")
    return weights
