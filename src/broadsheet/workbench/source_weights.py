"""Choosing the weights of the candidate sources: from the settings, from the trained towers, or the defaults."""

from __future__ import annotations

import json
import math
from pathlib import Path

from broadsheet.config.retrieval import SourceWeights
from broadsheet.errors import ModelError
from broadsheet.tables.schemas import SOURCES

_AGAIN = "Train the towers again, which tunes the weights: `broadsheet train towers`."


def choose_weights(configured: SourceWeights, stored: Path) -> dict[str, float]:
    """Return the settings' weights if they differ from the defaults, else the file's weights, else the defaults.

    `stored` is the file of weights that were tuned with the towers; it may be missing. Raises ModelError if it does not
    hold a weight of 0 or more for each source.
    """
    if configured != SourceWeights() or not stored.is_file():
        return {name: getattr(configured, name) for name in SOURCES}
    try:
        found = json.loads(stored.read_text("utf-8"))
        weights = {name: float(found[name]) for name in SOURCES}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{stored}: cannot be read ({error!r}), expected a weight for each of {', '.join(SOURCES)}. {_AGAIN}"
        ) from error
    if not all(math.isfinite(weight) and weight >= 0 for weight in weights.values()):
        raise ModelError(f"{stored}: found {weights}, expected numbers of 0 or more. {_AGAIN}")
    return weights
