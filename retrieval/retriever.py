"""Candidate search: from users to the articles worth ranking for each.

A user of whom something is known is searched for in the index; one of whom nothing is known gets what is trending and
new.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from broadsheet.catalogue import Catalogue
from broadsheet.retrieval.news_tower import Encoder, Vectors
from broadsheet.retrieval.requests import topic_of
from broadsheet.retrieval.sources import Floats, fresh_scores, trending_scores
from broadsheet.retrieval.user_tower import UserTower
from broadsheet.schemas import CANDIDATES, user_vectors
from broadsheet.tables import vectors_to_arrow, vectors_to_numpy

Rows = npt.NDArray[np.int64]
Search = Callable[[Vectors, int], tuple[Vectors, Rows]]
"""Unit vectors (queries, dim) and k to inner products and rows, (queries, k) each, best first, -1 for no row."""


@dataclass(frozen=True)
class Moment:
    """Scores of all articles that depend on the time alone."""

    as_of: datetime
    trending: Floats
    fresh: Floats


class Retriever:
    """Two faces: `vectors(users)` is the user tower over a users table, and a call is the candidate search."""

    def __init__(
        self,
        catalogue: Catalogue,
        search: Search,
        encode: Encoder,
        user_tower: UserTower,
        *,
        k: int,
        half_life_hours: float,
        clicks: tuple[Rows, Floats],
    ) -> None:
        """`clicks` are the catalogue rows clicked and their times in epoch seconds."""
        self._catalogue, self._search, self._encode, self._user_tower = catalogue, search, encode, user_tower
        self._k, self._half_life_hours, self._clicks = k, half_life_hours, clicks
        self._last_moment: Moment | None = None

    def vectors(self, users: pa.Table) -> pa.Table:
        """Return the table user_vectors of a users table; a user of whom nothing is known gets zeros."""
        newest = self._user_tower.history
        histories = (self._catalogue.rows(history)[-newest:] for history in users.column("history").to_pylist())
        sequences = [self._catalogue.vectors[rows] for rows in histories]
        profiles = users.column("profile").to_pylist()
        spoken = [row for row, profile in enumerate(profiles) if profile.strip()]
        for row, vector in zip(spoken, self._encode([topic_of(profiles[row]) for row in spoken]), strict=True):
            sequences[row] = np.vstack([sequences[row], vector])  # what the reader says counts as the newest item
        vectors = self._user_tower.encode(sequences)[:, 0]
        schema = user_vectors(self._catalogue.vectors.shape[1])
        return pa.table([users.column("user_id"), vectors_to_arrow(vectors)], schema=schema)

    def __call__(self, users: pa.Table, vectors: pa.Table, as_of: datetime, *, k: int | None = None) -> pa.Table:
        """Return the table candidates, without articles read, hidden, or published after `as_of`.

        A user gets the configured number of articles, or `k` if that is more, or all that there are.
        """
        if not len(users):
            return CANDIDATES.empty_table()
        count = self._k if k is None else max(k, self._k)
        moment = self._moment(as_of)
        queries = vectors_to_numpy(vectors)
        inner_products, found = self._search(queries, min(len(self._catalogue), 2 * count))
        future = self._catalogue.published_at > as_of.timestamp()
        tables = []
        for user, query, scores, near in zip(users.to_pylist(), queries, inner_products, found, strict=True):
            excluded = future.copy()
            excluded[self._catalogue.rows([*user["history"], *user["hidden"]])] = True
            if query.any():
                rows, score = self._nearest(query, scores, near, excluded, count)
                tables.append(self._table(user["user_id"], rows, score, score, moment))
            else:
                rows, score = self._newest(excluded, moment, count)
                tables.append(self._table(user["user_id"], rows, score, np.full(len(rows), np.nan), moment))
        return pa.concat_tables(tables)

    def describe(self, user_id: str, vector: Vectors, news_ids: Sequence[str], as_of: datetime) -> pa.Table:
        """Return the table candidates for given articles, in their order, such as those of an impression."""
        rows = np.array(self._catalogue.rows(news_ids), np.int64)
        ann = np.full(len(rows), np.nan)
        if vector.any():
            ann = (self._catalogue.vectors[rows] @ vector).astype(np.float64)
        return self._table(user_id, rows, np.nan_to_num(ann), ann, self._moment(as_of))

    def _moment(self, as_of: datetime) -> Moment:
        """Return what is trending and fresh as of a time; requests at one time, as in a build, share the work."""
        moment = self._last_moment
        if moment is None or moment.as_of != as_of:
            rows, times = self._clicks
            seconds, half_life = as_of.timestamp(), self._half_life_hours
            trending = trending_scores(rows, times, as_of=seconds, half_life_hours=half_life, size=len(self._catalogue))
            fresh = fresh_scores(self._catalogue.published_at, seconds, half_life)
            moment = self._last_moment = Moment(as_of, trending, fresh)
        return moment

    def _table(self, user_id: str, rows: Rows, score: Floats, ann: Floats, moment: Moment) -> pa.Table:
        columns = {
            "user_id": pa.array([user_id] * len(rows), pa.string()),
            "news_id": self._catalogue.ids(rows),
            "rank": pa.array(np.arange(1, len(rows) + 1), pa.int32()),
            "score": _floats(score),
            "ann": _floats(ann),
            "trending": _floats(moment.trending[rows]),
            "fresh": _floats(moment.fresh[rows]),
            "co_click": pa.nulls(len(rows), pa.float32()),
        }
        return pa.table(columns, schema=CANDIDATES)

    def _nearest(
        self, query: Vectors, scores: Vectors, rows: Rows, excluded: npt.NDArray[np.bool_], count: int
    ) -> tuple[Rows, Floats]:
        """Drop the excluded, and search ever deeper until enough articles are left or the catalogue ends."""
        while True:
            keep = rows >= 0
            keep[keep] &= ~excluded[rows[keep]]
            if keep.sum() >= count or len(rows) >= len(self._catalogue):
                return rows[keep][:count], scores[keep][:count].astype(np.float64)
            (scores,), (rows,) = self._search(query[None], min(len(self._catalogue), 4 * len(rows)))

    def _newest(self, excluded: npt.NDArray[np.bool_], moment: Moment, count: int) -> tuple[Rows, Floats]:
        """Rank by the mean of trending and fresh; ties go to the earlier row."""
        score = (np.nan_to_num(moment.trending) + np.nan_to_num(moment.fresh)) / 2
        order = np.argsort(-score, kind="stable")
        rows = order[~excluded[order]][:count]
        return rows, score[rows]


def _floats(values: Floats) -> pa.Array:
    return pa.array(np.asarray(values, np.float32), from_pandas=True)
