"""How much each article of a history counts for the reader's vector and affinities, by the reader's acts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from broadsheet.config.acts import ActsConfig, ActsInHistory
from broadsheet.corpus.worth import read_factors
from broadsheet.readers.reads import CODES
from broadsheet.readers.state import AGAINST, ReaderState
from broadsheet.tables.arrays import Floats

DAY = 86400.0

HistoryWeights = Callable[[ReaderState], Floats]
"""From a reader to the weights of the articles of the reader's history, oldest first, (articles,)."""


def history_weights(acts: ActsConfig) -> HistoryWeights | None:
    """Return the weights by the settings; None by the default settings, where all articles count the same."""
    if acts.history == ActsInHistory():
        return None
    of_code = _weights_of_codes(acts.history)

    def weights(reader: ReaderState) -> Floats:
        codes = np.zeros(len(reader.history), np.int64) if reader.acts is None else reader.acts
        found = of_code[codes]
        if reader.reads is None or not len(reader.reads):
            return found
        ages, seconds = reader.reads[:, 0].astype(np.float64), reader.reads[:, 1].astype(np.float64)
        found *= read_factors(seconds, acts, acts.history)
        if acts.history.half_life_days and np.isfinite(ages).any():
            ages = np.where(np.isfinite(ages), ages, np.nanmax(ages))
            found *= 0.5 ** ((ages - ages.min()) / (acts.history.half_life_days * DAY))  # the newest counts in full
        return found

    return weights


def _weights_of_codes(history: ActsInHistory) -> Floats:
    """Return the weight of an article by the code of the acts on it, (codes,)."""
    found = np.empty(2 * AGAINST)
    for code in range(AGAINST):
        done = [getattr(history, kind) for kind, bit in CODES.items() if code & bit]
        found[code] = max(done, default=history.click)
        found[code + AGAINST] = found[code] * history.hide
    return found
