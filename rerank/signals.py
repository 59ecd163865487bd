"""The signals of the ranking: what computes them, their reasons, and their fusion by weights.

A signal is a column of the table ranked, and its name is everywhere the same: in the tables, under `[rerank.weights]`,
here and in the learned fusion. To add a signal that goes by the reader's history: give ranked its column
(tables/schemas.py), its weight a default (config/rerank.py), and here what computes it and its reason.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.tables.arrays import Floats
from broadsheet.tables.schemas import CANDIDATES, SIGNALS

__all__ = [
    "COMPUTED",
    "FROM_CANDIDATES",
    "REASONS",
    "SIGNALS",
    "Floats",
    "contributions",
    "finite",
    "fuse",
    "present",
    "share_of_history",
]


FROM_CANDIDATES = tuple(name for name in SIGNALS if name in CANDIDATES.names)
"""Signals that retrieval computed already, as of the request."""


def _affinity(column: str, catalogue: Catalogue, history: Sequence[int], rows: Sequence[int]) -> Floats:
    """Return the share of the history that is like each candidate in a column of the news table."""

    def texts(of: Sequence[int]) -> npt.NDArray[np.object_]:
        return np.array(catalogue.news.column(column).take(pa.array(of, pa.int64())).to_pylist(), object)

    return share_of_history(texts(history), texts(rows))


COMPUTED: Mapping[str, Callable[[Catalogue, Sequence[int], Sequence[int]], Floats]] = {
    "affinity": partial(_affinity, "category"),
    "subcategory_affinity": partial(_affinity, "subcategory"),
    "source_affinity": partial(_affinity, "source"),
}
"""Signals computed here, from the catalogue, the rows that the reader read (oldest first), and the rows to score.

The result has a value for each row to score, NaN where the signal is absent.
"""

_OF_THE_HISTORY = ("Because you read “{title}”.", "Because you asked for “{profile}”.")
REASONS: Mapping[str, tuple[str, ...]] = {
    "relevance": _OF_THE_HISTORY,
    "two_tower": _OF_THE_HISTORY,
    "popularity": ("Because many readers opened it lately.",),
    "click_rate": ("Because many who saw it opened it.",),
    "trend": ("Because more and more readers open it.",),
    "co_click": ("Because those who read what you read opened it.",),
    "freshness": ("Because it is new: published on {day}.",),
    "affinity": ("Because you often read {category}.",),
    "subcategory_affinity": ("Because you often read {subcategory}.",),
    "source_affinity": ("Because you often read {source}.",),
}
"""The sentences of each signal, the best first: the first of which everything named in braces is known is the reason.

The braces name fields of reasons.Evidence. Where a sentence names the title of a history article, that article is the
row's because_news_id.
"""


def fuse(signals: Mapping[str, Floats], weights: Mapping[str, float]) -> Floats:
    """Return scores: the weighted sum of the signals over the sum of all weights; an absent signal adds nothing.

    Absent is what is NaN or infinite. Each array holds one signal of one user's candidates.
    """
    total = sum(weights.values()) or 1.0
    parts = [weights[name] * present(values) for name, values in signals.items()]
    scores: Floats = np.sum(parts, axis=0) / total
    return scores


def present(values: Floats) -> Floats:
    """Return a signal's values, and 0 where it is absent: NaN, or infinite, which would else outweigh all others."""
    return np.where(np.isfinite(values), values, 0.0)


def contributions(signals: Mapping[str, Floats], weights: Mapping[str, float]) -> dict[str, Floats]:
    """Return what each signal adds to each candidate's score beyond what it adds to the user's average candidate.

    For each candidate they sum to its score less the mean score.
    """
    total = sum(weights.values()) or 1.0
    result = {}
    for name, values in signals.items():
        weighted = weights[name] * present(values) / total
        result[name] = weighted - weighted.mean() if len(weighted) else weighted
    return result


def share_of_history(history: npt.NDArray[np.object_], candidates: npt.NDArray[np.object_]) -> Floats:
    """Return the share of the history that has each candidate's value, such as its category, 0 to 1.

    NaN where the candidate's is unknown (empty), or where nothing of the history has one.
    """
    known = history[history != ""]
    if not len(known):
        return np.full(len(candidates), np.nan)
    names, counts = np.unique(known.astype(str), return_counts=True)
    share = dict(zip(names.tolist(), (counts / len(known)).tolist(), strict=True))
    return np.array([share.get(name, 0.0) if name else np.nan for name in candidates], np.float64)


log = logging.getLogger(__name__)


def finite(name: str, values: Floats, given: npt.NDArray[np.bool_] | bool = True) -> Floats:
    """Return a signal's values (candidates,) with NaN, which means absent, where they are not finite.

    `given` says where there was a value at all: a value that is merely absent is no reason for a warning.
    """
    known = np.isfinite(values)
    if (given & ~known).any():
        _warn(name)
    return np.where(known, values, np.nan)


@lru_cache  # a request every second would fill the log
def _warn(name: str) -> None:
    log.warning(
        "Signal %s: found values that are infinite or not a number; they count as absent, and this is said once. "
        "What makes the signal is damaged: build the edition again, or train the model behind it again.",
        name,
    )
