"""The re-ranker: signals, fusion, policy and reasons over each user's candidates."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.corpus.filters import Selection
from broadsheet.corpus.same_text import copies
from broadsheet.own_parts import OwnParts
from broadsheet.readers.state import ReaderState
from broadsheet.rerank.cross_encoder.model import Score
from broadsheet.rerank.cross_encoder.pair_tokens import Pair
from broadsheet.rerank.cross_encoder.pairs import make_pairs, nearest_history, pair_hash
from broadsheet.rerank.learned_fusion import LearnedFusion
from broadsheet.rerank.newest import not_judged
from broadsheet.rerank.own import ask_reranker
from broadsheet.rerank.policy.filters import PLACES, read_first, wishes_of
from broadsheet.rerank.policy.limits import are_kept, large_sources
from broadsheet.rerank.policy.policy import Items, Policy, arrange
from broadsheet.rerank.policy.selection import Order
from broadsheet.rerank.reasons import Explainer, with_own_reasons
from broadsheet.rerank.signals import COMPUTED, FROM_CANDIDATES, SIGNALS, contributions, finite, fuse
from broadsheet.tables.arrays import Flags, Floats, Names, falling_scores
from broadsheet.tables.own_scores import own_column, own_scores
from broadsheet.tables.schemas import RANKED

SPOKEN_FRESHNESS, SPOKEN_DIVERSITY = 0.1, 0.4
"""Factors of the weight of freshness and of the diversity, for a reader who has words on interests but no history."""
NEW = 0.5
"""Least freshness of an article that a reason may call new: its age is at most the half-life of freshness."""


class Reranker:
    """Turns candidates into a ranking; without a trained cross-encoder `score` is None and the relevance is absent."""

    def __init__(
        self,
        catalogue: Catalogue,
        score: Score | None,
        *,
        depth: int,
        history: int,
        headlines: int,
        policy: Policy,
        weights: Mapping[str, float],
        fusion: LearnedFusion | None = None,
        own: OwnParts | None = None,
    ) -> None:
        """`fusion` takes the place of the `weights` where a reader has a history; `own` has the site's own signals.

        Raises ConfigError if the reason of an own signal names what a reason cannot name.
        """
        self._catalogue, self._score = catalogue, score
        self._depth, self._history, self._headlines, self._policy = depth, history, headlines, policy
        self._large = large_sources(catalogue.news.column("source")) if policy.small_sources else frozenset[str]()
        self._own, self._fusion = own or OwnParts(), fusion
        self._weights = {name: weights[name] for name in SIGNALS}
        self._weights |= {name: signal.weight for name, signal in self._own.signals.items()}
        sentences = with_own_reasons({name: signal.reason for name, signal in self._own.signals.items()})
        self._explain = Explainer(catalogue, sentences)

    def __call__(
        self,
        readers: Sequence[ReaderState],
        candidates: pa.Table,
        selection: Selection | None = None,
        places: int = PLACES,
    ) -> pa.Table:
        """Return the table ranked: for each reader the first `depth` candidates, with their signals and reasons.

        Readers come in the given order; a reader without candidates gets no rows. Articles of a category or source that
        a reader muted are left out, and what a selection does not allow; its pins, boosts and quotas shape the order of
        the first `places`.
        """
        by_user, none = _group(candidates), candidates.slice(0, 0)
        offered = [self._offered(reader, by_user.get(reader.user_id, none), selection) for reader in readers]
        tables = [
            self._rank(reader, table, selection, places)
            for reader, table in zip(readers, offered, strict=True)
            if len(table)
        ]
        return pa.concat_tables(tables).combine_chunks() if tables else RANKED.empty_table()

    def signals(self, reader: ReaderState, candidates: pa.Table) -> dict[str, Floats]:
        """Return each signal of one reader's candidates, NaN where it is absent."""
        rows = self._catalogue.rows(candidates.column("news_id").to_pylist())
        return self._signals(reader, candidates, rows, self._pairs(reader, rows))

    def _signals(
        self, reader: ReaderState, candidates: pa.Table, rows: list[int], pairs: Sequence[Pair]
    ) -> dict[str, Floats]:
        history = self._read(reader)
        signals = {name: _read_signal(name, candidates.column(name)) for name in FROM_CANDIDATES}
        signals["relevance"] = self._relevance(pairs, len(rows))
        signals |= {name: compute(self._catalogue, history, rows) for name, compute in COMPUTED.items()}
        for name in self._own.signals:
            values = own_scores(candidates.column("own"), name)  # NaN for a signal that is absent
            signals[name] = finite(name, values, ~np.isnan(values))
        return {name: signals[name] for name in self._weights}

    def scores(self, reader: ReaderState, candidates: pa.Table) -> Floats:
        """Return the fused score of each candidate of one reader, in their order."""
        rows = self._catalogue.rows(candidates.column("news_id").to_pylist())
        return self._fuse(reader, self._signals(reader, candidates, rows, self._pairs(reader, rows)), rows)

    def _fuse(self, reader: ReaderState, signals: Mapping[str, Floats], rows: list[int]) -> Floats:
        if self._own.reranker is not None:
            return ask_reranker(self._own.reranker, reader, self._catalogue, rows, signals)
        learned = self._learned(reader)
        return fuse(signals, self._weights_for(reader)) if learned is None else learned(signals)

    def _learned(self, reader: ReaderState) -> LearnedFusion | None:
        """Return the learned fusion, or None: nothing was learned, or nothing for readers like this one.

        It did not learn from readers who only say what to read about. A re-ranker of the site's own takes its place.
        """
        return None if reader.only_spoke or self._own.reranker else self._fusion

    def _weights_for(self, reader: ReaderState) -> dict[str, float]:
        """Return the weights for one reader.

        For a reader who has words on interests but no history, freshness weighs less: this reader asked for topics, not
        for the newest articles. The cross-encoder reads only histories, so its weight goes to the two-tower score. To a
        reader of whom nothing is known, what is read counts as much as what is new.
        """
        weights = self._weights
        if reader.kind == "new":
            return weights | {"popularity": max(weights["popularity"], weights["freshness"])}
        if not reader.only_spoke:
            return weights
        spoken = {"relevance": 0.0, "two_tower": weights["two_tower"] + weights["relevance"]}
        return weights | spoken | {"freshness": weights["freshness"] * SPOKEN_FRESHNESS}

    def _read(self, reader: ReaderState) -> list[int]:
        """Return the catalogue rows of the reader's newest articles, at most `history` of them, oldest first."""
        return list(reader.history[-self._history :])

    def _pairs(self, reader: ReaderState, rows: list[int]) -> list[Pair]:
        """Return what the cross-encoder reads; nothing without a history: it learned from headlines, not requests."""
        history = self._read(reader)
        if self._score is None or not history:
            return []
        return make_pairs(self._catalogue, nearest_history(self._catalogue, history, rows, self._headlines), rows)

    def _relevance(self, pairs: Sequence[Pair], count: int) -> Floats:
        """Return the cross-encoder's score of each of `count` candidates; NaN for all if there are no pairs to read."""
        if self._score is None or not pairs:
            return np.full(count, np.nan)
        return finite("relevance", self._score(pairs).astype(np.float64))

    def _offered(self, reader: ReaderState, candidates: pa.Table, selection: Selection | None) -> pa.Table:
        if not len(candidates) or (selection is None and not reader.has_mutes):
            return candidates
        rows = self._catalogue.rows(candidates.column("news_id").to_pylist())
        articles = self._catalogue.news.select(["category", "source"]).take(pa.array(rows, pa.int64()))
        allowed = selection.allowed[rows] if selection is not None else True
        return candidates.filter(pa.array(~reader.mutes(articles) & allowed))

    def _rank(self, reader: ReaderState, candidates: pa.Table, selection: Selection | None, places: int) -> pa.Table:
        if selection is not None:
            rows = self._catalogue.rows(candidates.column("news_id").to_pylist())
            candidates = candidates.take(pa.array(read_first(selection, rows, self._depth, places), pa.int64()))
        candidates = candidates.slice(0, self._depth)
        rows = self._catalogue.rows(candidates.column("news_id").to_pylist())
        pairs = self._pairs(reader, rows)
        hashes: list[str | None] = [*map(pair_hash, pairs)] or [None] * len(rows)
        signals = self._signals(reader, candidates, rows, pairs)
        weights = self._weights_for(reader)
        score = self._fuse(reader, signals, rows)
        policy, newest = self._policy_for(reader), not_judged(signals)
        order, distance = arrange(
            self._items(rows, score, newest),
            policy,
            self._catalogue.category[self._read(reader)],
            self._large,
            wishes_of(selection, rows, places),
        )
        kept = newest[order] & are_kept(len(order), policy.newest)
        because, reasons = self._reasons(reader, rows, signals, weights, order, kept)
        columns = {
            "user_id": candidates.column("user_id"),
            "news_id": candidates.column("news_id").take(pa.array(order)),
            "rank": pa.array(np.arange(1, len(rows) + 1), pa.int32()),
            "score": falling_scores(len(rows)),
            "fused": pa.array(score[order].astype(np.float32)),
            **{name: pa.array(signals[name][order].astype(np.float32), from_pandas=True) for name in SIGNALS},
            "own": own_column({name: signals[name][order] for name in self._own.signals}, len(rows)),
            "probability": self._probability(reader, score[order]),
            "pair_hash": pa.array([hashes[place] for place in order], pa.string()),
            "diversity": pa.array(distance.astype(np.float32)),
            "because_news_id": pa.array(because, pa.string()),
            "reason": pa.array(reasons, pa.string()),
        }
        return pa.table(columns, schema=RANKED)

    def _probability(self, reader: ReaderState, scores: Floats) -> pa.Array:
        if (learned := self._learned(reader)) is None:
            return pa.nulls(len(scores), pa.float32())
        return pa.array(learned.probability(scores).astype(np.float32))

    def _policy_for(self, reader: ReaderState) -> Policy:
        """Return the policy for one reader: who only says what to read about wants the topic, not the hour."""
        if not reader.only_spoke:
            return self._policy
        return replace(self._policy, diversity=self._policy.diversity * SPOKEN_DIVERSITY, newest=0.0)

    def _items(self, rows: list[int], score: Floats, newest: Flags) -> Items:
        known, asked = self._catalogue, self._policy.source or self._policy.small_sources
        column, times = known.news.column("source"), known.published_at[rows]
        sources: Names = np.array([column[row].as_py() if asked else "" for row in rows], object)
        same = copies(known, rows, rows) if self._policy.once else None
        return Items(score, known.vectors_of(rows), known.category[rows], sources, times, newest, same)

    def _reasons(
        self,
        reader: ReaderState,
        rows: list[int],
        signals: dict[str, Floats],
        weights: Mapping[str, float],
        order: Order,
        kept: Flags,
    ) -> tuple[list[str | None], list[str]]:
        """Return in `order` the history article that each reason names, or None, and why; age first where `kept`."""
        learned = self._learned(reader)
        parts = contributions(signals, weights) if learned is None else learned.contributions(signals)
        new = (signals["freshness"] >= NEW) & bool(weights["freshness"])
        ranked = [rows[place] for place in order]
        nearest = nearest_history(self._catalogue, self._read(reader), ranked, 1)
        ordered = {name: part[order] for name, part in parts.items()}
        return self._explain(ranked, ordered, new[order], nearest, reader.profile, kept)


def _read_signal(name: str, column: pa.ChunkedArray) -> Floats:
    values = np.asarray(pc.fill_null(column, float("nan")), np.float64)
    return finite(name, values, np.asarray(column.is_valid()))


def _group(candidates: pa.Table) -> dict[str, pa.Table]:
    """Split a table by user without copying; in the table the rows of a user stand together, in order of rank."""
    if not len(candidates):
        return {}
    users = np.array(candidates.column("user_id").to_pylist(), dtype=object)
    starts = np.flatnonzero(users[1:] != users[:-1]) + 1
    bounds = [0, *starts.tolist(), len(users)]
    return {users[start]: candidates.slice(start, end - start) for start, end in pairwise(bounds)}
