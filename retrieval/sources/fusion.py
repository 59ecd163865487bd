"""Fusion of the sources: candidates are what any source proposes, scored by all of them."""

from collections.abc import Mapping

import numpy as np

from broadsheet.retrieval.sources.source_input import Source, SourceInput
from broadsheet.tables.arrays import Floats, Rows


def fuse(scores: Mapping[str, Floats], weights: Mapping[str, float]) -> Floats:
    """Return the weighted sum of the sources' scores; one that is absent, NaN, adds nothing."""
    total: Floats = np.sum([weights.get(name, 0.0) * np.nan_to_num(scores[name]) for name in scores], axis=0)
    return total


def propose(sources: Mapping[str, Source], reader: SourceInput, weights: Mapping[str, float], n: int) -> Rows:
    """Return what the sources that have a weight propose, n rows at most each, rising."""
    proposed = [sources[name].propose(reader, n) for name in sources if weights.get(name, 0.0) > 0]
    return np.unique(np.concatenate([np.zeros(0, np.int64), *proposed]))
