"""Candidate search: from users to the articles worth ranking for each.

Several sources propose, each in its own way, and the weighted sum of their scores decides. A reader of whom nothing is
known gets what is popular and new; one who only says what to read about gets what is nearest to that.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from threading import Lock
from typing import Any

import numpy as np
import pyarrow as pa

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.corpus.exposures import Exposures
from broadsheet.readers.mutes import NO_MUTES, Mutes
from broadsheet.retrieval.sources.co_click import LastCoClicks
from broadsheet.retrieval.sources.fusion import fuse, propose
from broadsheet.retrieval.sources.popularity_freshness import half_lives
from broadsheet.retrieval.sources.reader import Floats, Reader, Rows, interest_vectors
from broadsheet.retrieval.sources.snapshot import Moment
from broadsheet.retrieval.sources.two_tower import Search, search_together
from broadsheet.retrieval.topic import topic_of
from broadsheet.retrieval.towers.news_tower import Encoder, Vectors
from broadsheet.retrieval.towers.user_tower import UserTower
from broadsheet.tables.schemas import CANDIDATES, SOURCES, user_vectors
from broadsheet.tables.vectors import vectors_to_arrow


class Retriever:
    """Two faces: `vectors(users)` is the user tower over a users table, and a call is the candidate search.

    Safe to call from several threads.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        search: Search,
        encode: Encoder,
        user_tower: UserTower,
        *,
        k: int,
        half_life_hours: float,
        half_life_hours_by_category: Mapping[str, float],
        co_clicks: LastCoClicks,
        weights: Mapping[str, float],
        exposures: Exposures,
    ) -> None:
        """`half_life_hours` are those of freshness; `weights` are those of the sources, 0 where one is not named.

        `co_clicks` are those of the click log, and hold it.
        """
        self._catalogue, self._search, self._encode, self._user_tower = catalogue, search, encode, user_tower
        self._k, self._weights = k, dict(weights)
        self._co_clicks, self._exposures = co_clicks, exposures
        categories = catalogue.news.column("category").combine_chunks().dictionary_encode()
        self._categories = np.asarray(categories.indices, np.int64)
        self._half_lives = half_lives(catalogue.category, half_life_hours, half_life_hours_by_category)
        self._lock = Lock()
        self._last_moment: Moment | None = None

    def vectors(self, users: pa.Table) -> pa.Table:
        """Return the table user_vectors of a users table; a user of whom nothing is known gets zeros."""
        return encode_users(users, self._catalogue, self._encode, self._user_tower)

    def __call__(
        self, users: pa.Table, vectors: pa.Table, as_of: datetime, *, k: int | None = None, mutes: Mutes = NO_MUTES
    ) -> pa.Table:
        """Return the table candidates, without articles read, hidden, muted, or published after `as_of`.

        A user gets the configured number of articles, or `k` if that is more, or all that there are.
        """
        if not len(users):
            return CANDIDATES.empty_table()
        count = self._k if k is None else max(k, self._k)
        moment, states = self._moment(as_of), users.to_pylist()
        readers = self._readers(states, interest_vectors(vectors), moment, depth=2 * count, mutes=mutes)
        tables = []
        for user, reader in zip(states, readers, strict=True):
            weights = self._weights_for(reader)
            rows = moment.fill(reader, propose(moment.sources, reader, weights, count), count)
            tables.append(self._table(user["user_id"], reader, rows, weights, moment, best=count))
        return pa.concat_tables(tables)

    def describe(
        self, user: Mapping[str, Any], interests: Vectors, news_ids: Sequence[str], as_of: datetime
    ) -> pa.Table:
        """Return the table candidates for given articles, in their order, such as those of an impression.

        `user` is a row of the table users, `interests` are its vectors (interests, dim).
        """
        moment = self._moment(as_of)
        (reader,) = self._readers([user], interests[None], moment, depth=0)
        rows = np.array(self._catalogue.rows(news_ids), np.int64)
        return self._table(user["user_id"], reader, rows, self._weights_for(reader), moment)

    def _moment(self, as_of: datetime) -> Moment:
        """Return what depends on the time alone; requests at one time, as in a build, share the work."""
        with self._lock:
            if self._last_moment is None or self._last_moment.as_of != as_of:
                self._last_moment = Moment(
                    self._catalogue,
                    self._categories,
                    self._search,
                    self._co_clicks.clicks,
                    as_of,
                    co_clicks=self._co_clicks(as_of.timestamp(), size=len(self._catalogue)),
                    half_life_hours=self._half_lives,
                    exposures=self._exposures,
                )
            return self._last_moment

    def _readers(
        self,
        users: Sequence[Mapping[str, Any]],
        interests: Vectors,
        moment: Moment,
        *,
        depth: int,
        mutes: Mutes = NO_MUTES,
    ) -> list[Reader]:
        """Return the readers, with what one search to a depth and one matrix product found for all of them."""
        near = search_together(self._search, interests, min(len(self._catalogue), depth))
        histories = [np.array(self._catalogue.rows(user["history"]), np.int64) for user in users]
        co_clicks = moment.co_clicks(histories)
        return [
            Reader(
                history=history,
                excluded=self._excluded(user, history, mutes),
                only_spoke=bool(user["profile"].strip()) and not len(history),
                interests=interests[number],
                near=near[number],
                co_clicks=co_clicks[number],
            )
            for number, (user, history) in enumerate(zip(users, histories, strict=True))
        ]

    def _excluded(self, user: Mapping[str, Any], history: Rows, mutes: Mutes) -> Rows:
        """Return the rows that the user read, hid or muted, rising."""
        parts = [history, np.array(self._catalogue.rows(user["hidden"]), np.int64)]
        if user["user_id"] in mutes:
            parts.append(np.flatnonzero(mutes.flags(user["user_id"], self._catalogue.news)))
        return np.unique(np.concatenate(parts))

    def _weights_for(self, reader: Reader) -> Mapping[str, float]:
        """Return the weights for one reader: one who only says what to read about wants the topic, not the hour."""
        towers = self._weights.get("two_tower", 0.0)
        return {"two_tower": towers} if reader.only_spoke and towers > 0 else self._weights

    def _table(
        self,
        user_id: str,
        reader: Reader,
        rows: Rows,
        weights: Mapping[str, float],
        moment: Moment,
        *,
        best: int | None = None,
    ) -> pa.Table:
        """Score rows for one reader by every source; `best` keeps so many, best first, else all stay as they come."""
        scores = {name: moment.sources[name](reader, rows) for name in SOURCES}
        fused = fuse(scores, weights)
        order = np.arange(len(rows)) if best is None else np.argsort(-fused, kind="stable")[:best]
        columns = {
            "user_id": pa.array([user_id] * len(order), pa.string()),
            "news_id": self._catalogue.ids(rows[order]),
            "rank": pa.array(np.arange(1, len(order) + 1), pa.int32()),
            "score": _floats(fused[order]),
            **{name: _floats(scores[name][order]) for name in SOURCES},
            "click_rate": _floats(moment.click_rates[rows[order]]),
            "trend": _floats(moment.trends[rows[order]]),
        }
        return pa.table(columns, schema=CANDIDATES)


def encode_users(users: pa.Table, catalogue: Catalogue, encode: Encoder, user_tower: UserTower) -> pa.Table:
    """Return the table user_vectors of a users table; a user of whom nothing is known gets zeros."""
    newest = user_tower.history
    histories = (catalogue.rows(history)[-newest:] for history in users.column("history").to_pylist())
    sequences = [catalogue.vectors_of(rows) for rows in histories]
    profiles = users.column("profile").to_pylist()
    spoken = [row for row, profile in enumerate(profiles) if profile.strip()]
    for row, vector in zip(spoken, encode([topic_of(profiles[row]) for row in spoken]), strict=True):
        sequences[row] = np.vstack([sequences[row], vector])  # what the reader says counts as the newest item
    vectors = user_tower.encode(sequences)  # (users, interests, dim)
    count, dim = vectors.shape[1:]
    columns = [
        users.column("user_id").take(pa.array(np.repeat(np.arange(len(users)), count))),
        pa.array(np.tile(np.arange(1, count + 1, dtype=np.int32), len(users))),
        vectors_to_arrow(vectors.reshape(-1, dim)),
    ]
    return pa.table(columns, schema=user_vectors(dim))


def _floats(values: Floats) -> pa.Array:
    return pa.array(np.asarray(values, np.float32), from_pandas=True)
