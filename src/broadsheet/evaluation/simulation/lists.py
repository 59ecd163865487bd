"""Lists of articles for many readers at once: the pipeline's own signals and weights, on arrays.

The signals two_tower, popularity, click_rate, trend, freshness, unseen and affinity are computed by the functions of
the pipeline, and fused by the newsroom's weights. Every tenth place is kept for the newest, as in the pipeline. What
needs a model for each pair, the cross-encoder and the attentive scorer, is left out, and diversity and caps, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.evaluation.simulation.counters import Counters
from broadsheet.rerank.newest import not_judged
from broadsheet.rerank.signals import fuse, share_of_history
from broadsheet.retrieval.sources.popularity_freshness import freshness_scores, half_lives
from broadsheet.retrieval.towers.user_tower import UserTower
from broadsheet.tables.arrays import Flags, Floats, Integers, Rows, Vectors
from broadsheet.workbench.workbench import Workbench

LISTED, EVERY = 60, 10
"""Articles of a list, and which of its places are kept for the newest: every tenth."""
LIVE_DAYS = 7.0
"""Days after its publication in which an article may be shown."""


class Asking(NamedTuple):
    """The readers who ask for lists."""

    interests: Vectors
    "Their vectors (readers, interests, dim)."
    histories: list[list[int]]
    "Rows of what each read, oldest first."
    passed: Integers
    "How often each passed over each article that may be shown (readers, live)."
    left_out: Flags
    "Which of these articles each is not shown, since they were read or hidden (readers, live)."


class Lists(NamedTuple):
    """The lists of some readers."""

    rows: Rows
    "Rows of the articles, best first (readers, listed)."
    scores: Floats
    "Their scores (readers, listed)."


class Lister:
    """Makes lists by the settings of a workbench."""

    def __init__(self, bench: Workbench, published_at: Floats) -> None:
        """`published_at` are the times of the articles in the simulation, epoch seconds (articles,)."""
        catalogue, settings = bench.data.catalogue, bench.models.config
        self._catalogue, self._tower, self._published_at = catalogue, bench.models.user_tower, published_at
        self._vectors: Vectors = catalogue.vectors_of(np.arange(len(catalogue)))
        self._weights = {name: weight for name, weight in vars(settings.rerank.weights).items() if name in _SIGNALS}
        self._half_lives = half_lives(
            catalogue.category, settings.rerank.half_life_hours, settings.rerank.half_life_hours_by_category
        )
        self._history, self._newest = settings.retrieval.history, bool(settings.rerank.newest_places)

    def interests(self, histories: list[list[int]]) -> Vectors:
        """Return the vectors of readers who read these articles, by the user tower (readers, interests, dim)."""
        return _encode(self._tower, self._catalogue, [rows[-self._history :] for rows in histories])

    def live(self, now: float) -> Rows:
        """Return the articles that may be shown at a time."""
        ages = now - self._published_at
        return np.flatnonzero((ages >= 0) & (ages <= LIVE_DAYS * 86400.0))

    def __call__(self, counters: Counters, asking: Asking, live: Rows, now: float) -> Lists:
        """Return the lists of some readers of the articles `live`, as of a time, epoch seconds."""
        signals = self._signals(counters, asking, live, now)
        scores = fuse(signals, self._weights)
        scores[asking.left_out] = -np.inf
        size = min(LISTED, len(live))
        order = np.argsort(-scores, axis=1, kind="stable")
        if self._newest:
            order = _with_newest(order, not_judged(signals) & np.isfinite(scores), size)
        order = order[:, :size]
        return Lists(live[order], np.take_along_axis(scores, order, axis=1))

    def _signals(self, counters: Counters, asking: Asking, live: Rows, now: float) -> Mapping[str, Floats]:
        hidden: Flags = np.ones(len(self._published_at), np.bool_)
        hidden[live] = False
        products = np.einsum("rid,ad->ria", asking.interests, self._vectors[live], optimize=True)
        categories = self._catalogue.names["category"].numbers
        newest = [rows[-self._history :] for rows in asking.histories]
        read = np.full((len(newest), max(map(len, newest), default=0)), -1, np.int64)
        for number, rows in enumerate(newest):
            read[number, : len(rows)] = categories[rows]
        shape = products.shape[0], len(live)
        of_all = {
            "popularity": counters.popularity(hidden),
            "click_rate": counters.click_rates(),
            "trend": counters.trends(),
            "freshness": freshness_scores(self._published_at, now, self._half_lives),
        }
        return {
            "two_tower": products.max(axis=1).astype(np.float64),
            **{name: np.broadcast_to(values[live], shape) for name, values in of_all.items()},
            "unseen": 1 / (1.0 + asking.passed),
            "affinity": share_of_history(read, np.broadcast_to(categories[live], shape)),
        }


_SIGNALS = ("two_tower", "popularity", "click_rate", "trend", "freshness", "unseen", "affinity")


def _encode(tower: UserTower, catalogue: Catalogue, histories: list[list[int]]) -> Vectors:
    return tower.encode([catalogue.vectors_of(rows) for rows in histories])


def _with_newest(order: Rows, newest: Flags, size: int) -> Rows:
    """Return orders in which each place EVERY, 2 * EVERY ... has the best of the newest that is not above it.

    `order` (readers, articles) has articles best first, and `newest` (readers, articles) says which of the articles
    readers have not judged yet.
    """
    found = order.copy()
    places = np.arange(EVERY - 1, size, EVERY)
    for number in range(len(order)):
        line = found[number]
        for place in places.tolist():
            later = np.flatnonzero(newest[number, line[place:]])
            if len(later) and later[0]:
                line[place : place + later[0] + 1] = np.roll(line[place : place + later[0] + 1], 1)
    return found
