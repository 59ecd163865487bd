"""The signals of the ranking: the functions that compute them, and their fusion by weights.

A signal is a column of the table ranked. It has the same name in the tables, under `[rerank.weights]`, here and in the
learned fusion. To add a signal that depends on the reader's history, add a column to ranked (tables/schemas.py), a
default weight (config/rerank.py), a function to COMPUTED here, and a sentence in each language (reasons/sentences.py).
"""

import logging
from collections.abc import Callable, Mapping
from functools import lru_cache, partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from broadsheet.rerank.block import Block, mean_of
from broadsheet.tables.arrays import Flags, Floats, Integers
from broadsheet.tables.own_scores import score_column
from broadsheet.tables.schemas import CANDIDATES, SIGNALS

__all__ = [
    "COMPUTED",
    "FROM_CANDIDATES",
    "SIGNALS",
    "Floats",
    "contributions",
    "finite",
    "fuse",
    "present",
    "read_signal",
    "share_of_history",
]


FROM_CANDIDATES = tuple(name for name in SIGNALS if name in CANDIDATES.names)
"""Signals that retrieval computed for the time of the request; they are columns of the table candidates."""


def _affinity(kind: str, block: Block) -> Floats:
    """Return the share of the history that has the candidate's name, such as its category; see share_of_history."""
    return share_of_history(block.numbers(kind, block.history), block.numbers(kind, block.rows), block.worth)


COMPUTED: Mapping[str, Callable[[Block], Floats]] = {
    "affinity": partial(_affinity, "category"),
    "subcategory_affinity": partial(_affinity, "subcategory"),
    "source_affinity": partial(_affinity, "source"),
}
"""Signals that are computed here.

A function takes a block: some readers, what each has read, and their candidates. It returns values
(readers, candidates), NaN where the signal is absent. What stands where there is no candidate is not read.
"""


def fuse(signals: Mapping[str, Floats], weights: Mapping[str, Floats | float]) -> Floats:
    """Return scores (..., candidates): the weighted sum of the signals, divided by the sum of all weights.

    `signals` holds the values (..., candidates) of each signal. A weight is one number, or has one for each reader,
    (readers, 1). A value that is NaN or infinite is absent and adds nothing.
    """
    scores: Floats = sum((weights[name] * present(values) for name, values in signals.items()), np.zeros(()))
    return scores / _total(weights)


def present(values: Floats) -> Floats:
    """Return a signal's values with 0 in the place of NaN, which means absent, and of infinite values."""
    return np.where(np.isfinite(values), values, 0.0)


def contributions(
    signals: Mapping[str, Floats], weights: Mapping[str, Floats | float], there: Flags | None = None
) -> dict[str, Floats]:
    """Return by how much each signal lifts each candidate's score above the reader's mean score.

    Signals and weights are those of `fuse`, and so is the form of the result. `there` says which places hold a
    candidate, all if it is None. For each candidate the values sum to its score less the mean score.
    """
    result = {}
    for name, values in signals.items():
        weighted = weights[name] * present(values) / _total(weights)
        result[name] = weighted - mean_of(weighted, np.ones(values.shape, np.bool_) if there is None else there)
    return result


def _total(weights: Mapping[str, Floats | float]) -> Floats:
    total = np.asarray(sum(weights.values()), np.float64)
    return np.where(total == 0, 1.0, total)


def share_of_history(history: Integers, candidates: Integers, worth: Floats | None = None) -> Floats:
    """Return for each candidate the share of the history that has its name, such as its category, 0 to 1.

    Names are numbers, of the history (readers, articles) and of the candidates (readers, candidates). For example, if
    the history's names are politics, politics and sports, a candidate of politics gets 2/3. A number below 0 is an
    unknown name: it is left out of the history, and a candidate whose name is unknown gets NaN. If all names of the
    history are unknown, every candidate gets NaN. `worth` is how many times each article of the history counts,
    (readers, articles), once each if it is None: with 4 for the article of sports, politics gets 2/6.
    """
    if worth is not None:
        counted = np.where(history >= 0, worth, 0.0)
        total = np.cumsum(counted, axis=1)[:, -1:] if counted.shape[1] else np.zeros((len(counted), 1))
        weights = np.where(candidates[..., None] == history[:, None, :], counted[:, None, :], 0.0)
        same = np.cumsum(weights, axis=-1)[..., -1] if counted.shape[1] else np.zeros(candidates.shape)
        return np.where((candidates >= 0) & (total > 0), same / np.where(total > 0, total, 1.0), np.nan)
    known = (history >= 0).sum(axis=1)[:, None]
    same = (candidates[..., None] == history[:, None, :]).sum(axis=-1)
    return np.where((candidates >= 0) & (known > 0), same / np.maximum(known, 1), np.nan)


log = logging.getLogger(__name__)


def finite(name: str, values: Floats, given: npt.NDArray[np.bool_] | bool = True) -> Floats:
    """Return a signal's values (candidates,) with NaN, which means absent, in the place of infinite values.

    `given` (candidates,) is False where the signal was absent already. A value that is given and not finite is logged
    as a warning.
    """
    known = np.isfinite(values)
    if (given & ~known).any():
        _warn(name)
    return np.where(known, values, np.nan)


def read_signal(name: str, block: Block, candidates: pa.Table) -> Floats:
    """Return a column of the candidates, or own scores, as a signal (readers, candidates); what is absent is NaN."""
    values = score_column(candidates, name)
    given = np.asarray(candidates.column(name).is_valid()) if name in candidates.column_names else ~np.isnan(values)
    return block.spread(finite(name, values, given))


@lru_cache  # a request every second would fill the log
def _warn(name: str) -> None:
    log.warning(
        "Signal %s: found values that are infinite or not a number; they count as absent, and this is said once. "
        "What makes the signal is damaged: build the edition again, or train the model behind it again.",
        name,
    )
