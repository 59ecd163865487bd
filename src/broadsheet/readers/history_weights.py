"""How much each article of a history counts for the reader's vector, by what is known of its read."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from broadsheet.config.acts import ActsConfig, ActsInHistory
from broadsheet.corpus.worth import read_factors
from broadsheet.tables.arrays import Floats, Vectors

DAY = 86400.0

HistoryWeights = Callable[[Vectors], Floats]
"""From what is known of the reads of a history, (articles, READS), to the weights of the articles (articles,)."""


def history_weights(acts: ActsConfig) -> HistoryWeights | None:
    """Return the weights by the settings; None by the default settings, where all articles count the same."""
    if acts.history == ActsInHistory():
        return None

    def weights(reads: Vectors) -> Floats:
        ages, seconds = reads[:, 0].astype(np.float64), reads[:, 1].astype(np.float64)
        found = read_factors(seconds, acts, acts.history)
        if acts.history.half_life_days and np.isfinite(ages).any():
            ages = np.where(np.isfinite(ages), ages, np.nanmax(ages))
            found *= 0.5 ** ((ages - ages.min()) / (acts.history.half_life_days * DAY))  # the newest counts in full
        return found

    return weights
