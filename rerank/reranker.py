"""The re-ranker: signals, fusion, diversity and reasons over each user's candidates."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.catalogue import Catalogue
from broadsheet.rerank.cross_encoder import Score
from broadsheet.rerank.diversity import maximal_marginal_relevance
from broadsheet.rerank.fusion import SIGNALS, Floats, category_affinity, contributions, fuse
from broadsheet.rerank.learned_fusion import LearnedFusion
from broadsheet.rerank.pairs import make_pairs, nearest_history
from broadsheet.rerank.reasons import Evidence, write_reason
from broadsheet.schemas import RANKED

FROM_CANDIDATES = {
    "tower": "ann",
    "popularity": "trending",
    "click_rate": "click_rate",
    "co_click": "co_click",
    "freshness": "fresh",
}
"""Signals that retrieval computed already, as of the request."""
SPOKEN_FRESHNESS, SPOKEN_DIVERSITY = 0.1, 0.4
"""What freshness keeps of its weight, and diversity of its share, for a user who only says what to read about."""
NEW = 0.5
"""Freshness of an article that is new in itself, not only beside others: younger than the half-life."""
ROUNDING = 1e-9
"""A contribution below this is a difference between equal values."""


class Reranker:
    """Turns candidates into a ranking; where no cross-encoder was trained `score` is None, and relevance is absent."""

    def __init__(
        self,
        catalogue: Catalogue,
        score: Score | None,
        *,
        depth: int,
        history: int,
        headlines: int,
        diversity: float,
        weights: Mapping[str, float],
        fusion: LearnedFusion | None = None,
    ) -> None:
        """`fusion` takes the place of the `weights` where a reader has a history."""
        self._fusion = fusion
        self._catalogue, self._score = catalogue, score
        self._depth, self._history, self._headlines, self._diversity = depth, history, headlines, diversity
        self._weights = {name: weights[name] for name in SIGNALS}

    def __call__(self, users: pa.Table, candidates: pa.Table) -> pa.Table:
        """Return the table ranked: for each user the `depth` best candidates, with their signals and reasons.

        Users come in the order of the users table; one without candidates gets no rows.
        """
        by_user = _group(candidates)
        tables = [
            self._rank(user, by_user[user["user_id"]]) for user in users.to_pylist() if user["user_id"] in by_user
        ]
        return pa.concat_tables(tables) if tables else RANKED.empty_table()

    def signals(self, user: Mapping[str, Any], candidates: pa.Table) -> dict[str, Floats]:
        """Return each signal of one user's candidates, NaN where it is absent."""
        rows = self._catalogue.rows(candidates.column("news_id").to_pylist())
        history = self._read(user)
        signals = {
            name: np.asarray(pc.fill_null(candidates.column(column), float("nan")), np.float64)
            for name, column in FROM_CANDIDATES.items()
        }
        signals["relevance"] = self._relevance(rows, history)
        signals["affinity"] = category_affinity(self._catalogue.category[history], self._catalogue.category[rows])
        return {name: signals[name] for name in SIGNALS}

    def scores(self, user: Mapping[str, Any], candidates: pa.Table) -> Floats:
        """Return the fused score of each candidate of one user, in their order."""
        return self._fuse(user, self.signals(user, candidates))

    def _fuse(self, user: Mapping[str, Any], signals: Mapping[str, Floats]) -> Floats:
        learned = self._learned(user)
        return fuse(signals, self._weights_for(user)) if learned is None else learned(signals)

    def _learned(self, user: Mapping[str, Any]) -> LearnedFusion | None:
        """Return the learned fusion, or None where there is none, or none for the like of this user.

        Impressions of those who only say what to read about are no part of what it learned.
        """
        return None if self._only_spoke(user) else self._fusion

    def _weights_for(self, user: Mapping[str, Any]) -> dict[str, float]:
        """Return the weights for one user: one who only says what to read about wants the topic before the hour.

        The cross-encoder cannot judge for such a user, so its weight goes to the towers.
        """
        weights = self._weights
        if not self._only_spoke(user):
            return weights
        spoken = {"relevance": 0.0, "tower": weights["tower"] + weights["relevance"]}
        return weights | spoken | {"freshness": weights["freshness"] * SPOKEN_FRESHNESS}

    def _read(self, user: Mapping[str, Any]) -> list[int]:
        """Return the rows of the newest articles that the user read, as many as training reads, oldest first."""
        return self._catalogue.rows(user["history"])[-self._history :]

    def _only_spoke(self, user: Mapping[str, Any]) -> bool:
        return bool(user["profile"].strip()) and not self._catalogue.rows(user["history"])

    def _relevance(self, rows: list[int], history: list[int]) -> Floats:
        """Score by the cross-encoder; absent without a history, since it learned from headlines, not from requests."""
        if self._score is None or not history:
            return np.full(len(rows), np.nan)
        nearest = nearest_history(self._catalogue, history, rows, self._headlines)
        return self._score(make_pairs(self._catalogue, nearest, rows)).astype(np.float64)

    def _rank(self, user: Mapping[str, Any], candidates: pa.Table) -> pa.Table:
        candidates = candidates.slice(0, self._depth)
        rows = self._catalogue.rows(candidates.column("news_id").to_pylist())
        signals = self.signals(user, candidates)
        weights = self._weights_for(user)
        score = self._fuse(user, signals)
        diversity = self._diversity * (SPOKEN_DIVERSITY if self._only_spoke(user) else 1)
        order, distance = maximal_marginal_relevance(score, self._catalogue.vectors_of(rows), diversity)
        because, reasons = self._explain(user, rows, signals, weights)
        columns = {
            "user_id": candidates.column("user_id"),
            "news_id": candidates.column("news_id").take(pa.array(order)),
            "rank": pa.array(np.arange(1, len(rows) + 1), pa.int32()),
            "score": pa.array(score[order].astype(np.float32)),
            **{name: pa.array(values[order].astype(np.float32), from_pandas=True) for name, values in signals.items()},
            "probability": self._probability(user, score[order]),
            "diversity": pa.array(distance.astype(np.float32)),
            "because_news_id": pa.array([because[place] for place in order], pa.string()),
            "reason": pa.array([reasons[place] for place in order], pa.string()),
        }
        return pa.table(columns, schema=RANKED)

    def _probability(self, user: Mapping[str, Any], scores: Floats) -> pa.Array:
        learned = self._learned(user)
        if learned is None:
            return pa.nulls(len(scores), pa.float32())
        return pa.array(learned.probability(scores).astype(np.float32))

    def _explain(
        self, user: Mapping[str, Any], rows: list[int], signals: dict[str, Floats], weights: Mapping[str, float]
    ) -> tuple[list[str | None], list[str]]:
        """Return for each item the history article behind its reason, where there is one, and the reason."""
        learned = self._learned(user)
        parts = contributions(signals, weights) if learned is None else learned.contributions(signals)
        nearest = nearest_history(self._catalogue, self._read(user), rows, 1)
        because: list[str | None] = []
        reasons = []
        for number, row in enumerate(rows):
            new = bool(weights["freshness"]) and bool(signals["freshness"][number] >= NEW)
            lifts = {name: part[number] for name, part in parts.items() if part[number] > ROUNDING}
            if not new:
                lifts.pop("freshness", None)  # newer than the others of the list, but not new
            signal = max(lifts, key=lambda name: lifts[name]) if lifts else "freshness" if new else ""
            near = int(nearest[number, 0]) if nearest.shape[1] and signal in ("relevance", "tower") else None
            reasons.append(write_reason(signal, self._evidence(row, near, user["profile"])))
            because.append(None if near is None else self._catalogue.news.column("news_id")[near].as_py())
        return because, reasons

    def _evidence(self, row: int, near: int | None, profile: str) -> Evidence:
        news = self._catalogue.news
        return Evidence(
            title="" if near is None else news.column("title")[near].as_py(),
            profile=profile.strip(),
            category=str(self._catalogue.category[row]),
            published_at=news.column("published_at")[row].as_py(),
        )


def _group(candidates: pa.Table) -> dict[str, pa.Table]:
    """Split a table by user without copying; the rows of a user stand together, in order of rank."""
    if not len(candidates):
        return {}
    users = np.array(candidates.column("user_id").to_pylist(), dtype=object)
    starts = np.flatnonzero(users[1:] != users[:-1]) + 1
    bounds = [0, *starts.tolist(), len(users)]
    return {users[start]: candidates.slice(start, end - start) for start, end in pairwise(bounds)}
