"""Which weights the candidate sources of a newsroom have: its own, the shipped ones or those of the settings."""

from __future__ import annotations

import json
import math
from pathlib import Path

from broadsheet.config.retrieval import SourceWeights
from broadsheet.errors import ModelError
from broadsheet.retrieval import SOURCES


def choose_weights(configured: SourceWeights, stored: Path) -> dict[str, float]:
    """Return the weights of the config if they are not the defaults, else those stored, else the defaults.

    Raises ModelError if the file stored does not hold a weight of 0 or more for each source.
    """
    if configured != SourceWeights() or not stored.is_file():
        return {name: getattr(configured, name) for name in SOURCES}
    try:
        weights = {name: float(json.loads(stored.read_text("utf-8"))[name]) for name in SOURCES}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{stored}: not weights of {', '.join(SOURCES)} ({error!r}). Tune them again.") from error
    if not all(math.isfinite(weight) and weight >= 0 for weight in weights.values()):
        raise ModelError(f"{stored}: found {weights}, expected numbers of 0 or more. Tune them again.")
    return weights
