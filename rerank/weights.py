"""How much each signal counts for a reader, by what is known of the reader."""

from collections.abc import Mapping, Sequence

import numpy as np

from broadsheet.readers.state import ReaderState
from broadsheet.tables.arrays import Floats

SPOKEN_FRESHNESS = 0.1
"""Factor of the weight of freshness for a reader who has words on interests but no history."""


def weights_for(readers: Sequence[ReaderState], weights: Mapping[str, float]) -> dict[str, Floats]:
    """Return each weight for each reader, (readers, 1), from the weights of the settings.

    For a reader who has words on interests but no history, freshness weighs less: this reader asked for topics, not
    for the newest articles. The cross-encoder and the attentive scorer read only histories: the weight of the
    cross-encoder goes to the two-tower score, and that of the scorer is 0. To a reader of whom nothing is known, what
    is read counts at least as much as what is new.
    """
    spoken = {"relevance": 0.0, "attention": 0.0, "two_tower": weights["two_tower"] + weights["relevance"]}
    by_kind = {
        "known": weights,
        "profile": {**weights, **spoken, "freshness": weights["freshness"] * SPOKEN_FRESHNESS},
        "new": {**weights, "popularity": max(weights["popularity"], weights["freshness"])},
    }
    kinds = [reader.kind for reader in readers]
    return {name: np.array([[by_kind[kind][name]] for kind in kinds]) for name in weights}
