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

    def __init__(self, bench: Workbench, published_at: Floats, weights: Mapping[str, float]) -> None:
        """`published_at` are the times of the articles in the simulation, epoch seconds (articles,).

        `weights` replace the newsroom's weights of the signals that they name.
        """
        catalogue, settings = bench.data.catalogue, bench.models.config
        self._catalogue, self._tower, self._published_at = catalogue, bench.models.user_tower, published_at
        self._vectors: Vectors = catalogue.vectors_of(np.arange(len(catalogue)))
        all_weights = {**vars(settings.rerank.weights), **weights}
        self._weights = {name: weight for name, weight in all_weights.items() if name in _SIGNALS}
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
        newest = not_judged(signals) & np.isfinite(scores)
        order = _with_newest(order, newest, size) if self._newest else order[:, :size]
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
    """Return the first `size` places of orders whose places EVERY, 2 * EVERY ... have the best of the newest left.

    `order` (readers, articles) has articles best first, and `newest` (readers, articles) says which of the articles
    readers have not judged yet. The result is (readers, size).
    """
    places = np.arange(EVERY - 1, size, EVERY)
    line, is_new = _shortened(order, np.take_along_axis(newest, order, axis=1), size, len(places))
    columns = np.arange(line.shape[1])
    for place in places.tolist():
        first = place + is_new[:, place:].argmax(axis=1)
        first[~is_new[:, place:].any(axis=1)] = place
        moved = np.where((columns > place) & (columns <= first[:, None]), columns - 1, columns)
        moved[:, place] = first
        line, is_new = np.take_along_axis(line, moved, axis=1), np.take_along_axis(is_new, moved, axis=1)
    return line[:, :size]


def _shortened(order: Rows, is_new: Flags, size: int, count: int) -> tuple[Rows, Flags]:
    """Return the first `size` articles of each order and the first `count` of the newest behind them, and which is new.

    `is_new` (readers, articles) is by place. An order with fewer newest articles is filled with -1, which is not new.
    """
    line = np.concatenate([order[:, :size], np.full((len(order), count), -1, order.dtype)], axis=1)
    reader, behind = np.nonzero(is_new[:, size:])
    number = np.arange(len(reader)) - np.searchsorted(reader, reader)
    kept = number < count
    line[reader[kept], size + number[kept]] = order[reader[kept], size + behind[kept]]
    flags = np.concatenate([is_new[:, :size], line[:, size:] >= 0], axis=1)
    return line, flags
