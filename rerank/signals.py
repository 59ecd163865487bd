"""The signals of the ranking: the functions that compute them, their reasons, and their fusion by weights.

A signal is a column of the table ranked. It has the same name in the tables, under `[rerank.weights]`, here and in the
learned fusion. To add a signal that depends on the reader's history, add a column to ranked (tables/schemas.py), a
default weight (config/rerank.py), and here a function to COMPUTED and a sentence to REASONS.
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
"""Signals that retrieval computed for the time of the request; they are columns of the table candidates."""


def _affinity(column: str, catalogue: Catalogue, history: Sequence[int], rows: Sequence[int]) -> Floats:
    """Return for each candidate the share of the history with the same value in a column of news, such as category."""

    def texts(of: Sequence[int]) -> npt.NDArray[np.object_]:
        return np.array(catalogue.news.column(column).take(pa.array(of, pa.int64())).to_pylist(), object)

    return share_of_history(texts(history), texts(rows))


COMPUTED: Mapping[str, Callable[[Catalogue, Sequence[int], Sequence[int]], Floats]] = {
    "affinity": partial(_affinity, "category"),
    "subcategory_affinity": partial(_affinity, "subcategory"),
    "source_affinity": partial(_affinity, "source"),
}
"""Signals that are computed here.

A function takes the catalogue, the catalogue rows of the reader's history (oldest first), and the rows of the
candidates. It returns values (candidates,), NaN where the signal is absent.
"""

_OF_THE_READER = (
    "Because you read “{title}”.",
    "Because you asked for “{profile}”.",
    "Because you asked for “{profile}”: this is in “{category}”.",
    "Because you asked for “{profile}”: this is from {source}.",
)
REASONS: Mapping[str, tuple[str, ...]] = {
    "relevance": _OF_THE_READER,
    "two_tower": _OF_THE_READER,
    "popularity": ("Because many readers opened it lately.", "Because it is much read in “{category}”."),
    "click_rate": ("Because many who saw it opened it.",),
    "trend": ("Because more and more readers open it.",),
    "co_click": ("Because those who read what you read opened it.",),
    "freshness": (
        "Because it is new: published on {day}.",
        "Because it is new in “{category}”.",
        "Because it is new from {source}.",
    ),
    "affinity": ("Because you often read “{category}”.",),
    "subcategory_affinity": ("Because you often read “{subcategory}”.",),
    "source_affinity": ("Because you often read {source}.",),
}
"""The sentences of each signal, the best first; a sentence is a reason if all its names in braces are known.

The braces name fields of reasons.Evidence. If the sentence names `title`, the title of an article of the history, this
article becomes the row's because_news_id. A page takes the next sentence once the first stands on it too often.
"""


def fuse(signals: Mapping[str, Floats], weights: Mapping[str, float]) -> Floats:
    """Return scores (candidates,): the weighted sum of the signals, divided by the sum of all weights.

    `signals` holds the values (candidates,) of each signal for one user. A value that is NaN or infinite is absent and
    adds nothing.
    """
    total = sum(weights.values()) or 1.0
    parts = [weights[name] * present(values) for name, values in signals.items()]
    scores: Floats = np.sum(parts, axis=0) / total
    return scores


def present(values: Floats) -> Floats:
    """Return a signal's values with 0 in the place of NaN, which means absent, and of infinite values."""
    return np.where(np.isfinite(values), values, 0.0)


def contributions(signals: Mapping[str, Floats], weights: Mapping[str, float]) -> dict[str, Floats]:
    """Return by how much each signal lifts each candidate's score above the user's mean score, (candidates,) a signal.

    For each candidate the values sum to its score less the mean score.
    """
    total = sum(weights.values()) or 1.0
    result = {}
    for name, values in signals.items():
        weighted = weights[name] * present(values) / total
        result[name] = weighted - weighted.mean() if len(weighted) else weighted
    return result


def share_of_history(history: npt.NDArray[np.object_], candidates: npt.NDArray[np.object_]) -> Floats:
    """Return for each candidate the share of the history that has its value, such as its category, 0 to 1.

    For example, if the history's values are politics, politics and sports, a candidate of politics gets 2/3. An empty
    text is an unknown value: it is left out of the history, and a candidate whose value is unknown gets NaN. If all
    values of the history are unknown, every candidate gets NaN.
    """
    known = history[history != ""]
    if not len(known):
        return np.full(len(candidates), np.nan)
    names, counts = np.unique(known.astype(str), return_counts=True)
    share = dict(zip(names.tolist(), (counts / len(known)).tolist(), strict=True))
    return np.array([share.get(name, 0.0) if name else np.nan for name in candidates], np.float64)


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


@lru_cache  # a request every second would fill the log
def _warn(name: str) -> None:
    log.warning(
        "Signal %s: found values that are infinite or not a number; they count as absent, and this is said once. "
        "What makes the signal is damaged: build the edition again, or train the model behind it again.",
        name,
    )
