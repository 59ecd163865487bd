"""Candidate search: from users to the articles worth ranking for each.

Several sources propose, each in its own way, and the weighted sum of their scores decides. A reader of whom nothing is
known gets what is popular and new; one who only says what to read about gets what is nearest to that.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial

import numpy as np
import pyarrow as pa

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.corpus.filters import Selection
from broadsheet.corpus.same_text import SameTexts
from broadsheet.own_parts import OwnParts
from broadsheet.readers.history_weights import HistoryWeights
from broadsheet.readers.slots import with_slots
from broadsheet.readers.state import ReaderState
from broadsheet.retrieval.candidates_table import Offer, candidates_table
from broadsheet.retrieval.reader_vectors import encode_users
from broadsheet.retrieval.sources.block_vectors import BlockVectors
from broadsheet.retrieval.sources.fusion import fuse, with_quotas
from broadsheet.retrieval.sources.logs import NowLogs
from broadsheet.retrieval.sources.own import NOTHING_PROPOSED, ask_signals, ask_sources
from broadsheet.retrieval.sources.popularity_freshness import freshness_scores, half_lives
from broadsheet.retrieval.sources.snapshot import Moment, Moments
from broadsheet.retrieval.sources.source_input import SourceInput, interest_vectors
from broadsheet.retrieval.sources.two_tower import Search, search_together
from broadsheet.retrieval.sources.unread import unread
from broadsheet.retrieval.towers.news_tower import Encoder
from broadsheet.retrieval.towers.user_tower import UserTower
from broadsheet.retrieval.wanted import few_allowed, wanted_first, with_wanted
from broadsheet.tables.arrays import Floats, Rows, Vectors
from broadsheet.tables.schemas import SOURCES

NEW_READER = {"freshness": 0.5, "popularity": 0.5}
"""Quotas for a reader of whom nothing is known: half of the candidates are the newest, half are the most read."""
READERS_AT_ONCE = 256
"""Readers of one block, who share a search; more readers are served block by block, so that memory stays the same."""


class Retriever:
    """Two faces: `vectors(readers)` is the user tower, and a call is the candidate search.

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
        logs: NowLogs,
        weights: Mapping[str, float],
        quotas: Mapping[str, float] | None,
        own: OwnParts | None = None,
        history_weights: HistoryWeights | None = None,
    ) -> None:
        """`half_life_hours` are those of freshness; a source that `weights` or `quotas` do not name has 0.

        Without `quotas`, None, no reader has any, new readers neither.
        `logs` returns the clicks and showings as they are now. `own` has the site's own sources and signals.
        `history_weights` weighs the articles of a history for the reader's vector; None weighs all the same.
        """
        self._catalogue, self._search, self._encode, self._user_tower = catalogue, search, encode, user_tower
        self._k, self._weights, self._quotas, self._own = k, dict(weights), quotas, own or OwnParts()
        self._same_texts, self._logs, self._history_weights = SameTexts(catalogue), logs, history_weights
        self._half_lives = hours = half_lives(catalogue.category, half_life_hours, half_life_hours_by_category)
        self._moments = Moments(catalogue, search, logs, half_life_hours=hours, own=[*self._own.sources])

    def vectors(self, readers: Sequence[ReaderState]) -> pa.Table:
        """Return the table user_vectors of some readers; a reader of whom nothing is known gets zeros."""
        return encode_users(readers, self._catalogue, self._encode, self._user_tower, self._history_weights)

    def __call__(
        self,
        readers: Sequence[ReaderState],
        vectors: pa.Table,
        as_of: datetime,
        *,
        k: int | None = None,
        selection: Selection | None = None,
    ) -> pa.Table:
        """Return the table candidates, without articles read, hidden, muted, or published after `as_of`.

        A reader gets the configured number of articles, or `k` if that is more, or all that there are. Nothing that a
        selection does not allow is among them; pinned articles and the fewest of its quotas stand first.
        """
        count, moment = self._k if k is None else max(k, self._k), self._moments(as_of)
        interests, offers = interest_vectors(vectors), list[Offer]()
        for start in range(0, len(readers), READERS_AT_ONCE):
            block = slice(start, start + READERS_AT_ONCE)
            theirs = interests[block]
            asking = self._asking(readers[block], theirs, moment, depth=2 * count, n=count, selection=selection)
            for state, reader in zip(readers[block], asking, strict=True):
                offers.append(self._offer(state, reader, moment, count, selection))
        return candidates_table(self._catalogue, moment, offers)

    def describe(self, state: ReaderState, interests: Vectors, news_ids: Sequence[str], as_of: datetime) -> pa.Table:
        """Return the table candidates for given articles, in their order, such as those of an impression.

        `interests` are the reader's vectors (interests, dim).
        """
        moment = self._moments(as_of)
        (reader,) = self._asking([state], interests[None], moment, depth=0, n=self._k)
        rows = np.array(self._catalogue.rows(news_ids), np.int64)
        offer = self._scored(state, reader, rows, self._weights_for(state), moment)
        return candidates_table(self._catalogue, moment, [offer])

    def _offer(
        self, state: ReaderState, reader: SourceInput, moment: Moment, count: int, selection: Selection | None
    ) -> Offer:
        """Return the candidates of one reader, at most `count`."""
        weights, quotas = self._weights_for(state), self._quotas_for(state)
        seen = [*state.history, *self._catalogue.rows(state.user["hidden"])]
        proposals, rows = unread(self._same_texts, seen, reader, moment, weights, quotas, count)
        order = partial(with_quotas, proposals=proposals, quotas=quotas, n=count)
        if selection is not None:
            selection = with_slots(selection, state, self._catalogue)
            rows = with_wanted(rows, reader, moment, selection, count)
            every = partial(with_quotas, proposals=proposals, quotas=quotas, n=len(rows))
            order = partial(wanted_first, arrange=every, selection=selection, n=count)
        return self._scored(state, reader, rows, weights, moment, arrange=order)

    def freshness(self, rows: Rows, times: Floats) -> Floats:
        """Return the signal `freshness` of catalogue rows as of times in epoch seconds (rows,), NaN where absent."""
        return freshness_scores(self._catalogue.published_at[rows] - times, 0.0, self._half_lives[rows])

    def unseen(self, state: ReaderState, rows: Rows, as_of: float) -> Floats:
        """Return the signal `unseen` of catalogue rows as of a time in epoch seconds (rows,), NaN where absent."""
        return self._logs().unseen(state.own_id, state.history, rows, as_of, state.since)

    def _asking(
        self,
        states: Sequence[ReaderState],
        interests: Vectors,
        moment: Moment,
        *,
        depth: int,
        n: int,
        selection: Selection | None = None,
    ) -> list[SourceInput]:
        """Return the readers, with what one search to a depth and one matrix product found for all of them.

        The site's own sources propose `n` articles at most to each.
        """
        few = few_allowed(selection)
        left_out = np.flatnonzero(~selection.allowed) if selection is not None else np.zeros(0, np.int64)
        near = search_together(self._search, interests, min(len(self._catalogue), depth))
        histories = [np.array(state.history, np.int64) for state in states]
        co_clicks, vectors = moment.co_clicks(histories), BlockVectors(self._catalogue)
        vectors.add(np.concatenate([near[near >= 0], *histories]))
        return [
            SourceInput(
                history=history,
                excluded=np.union1d(self._excluded(state, history), left_out)
                if len(left_out)
                else self._excluded(state, history),
                few=few,
                interests=interests[number],
                near=near[number],
                co_clicks=co_clicks[number],
                vectors=vectors,
                own=self._proposals(state, moment, n),
            )
            for number, (state, history) in enumerate(zip(states, histories, strict=True))
        ]

    def _proposals(self, state: ReaderState, moment: Moment, n: int) -> Mapping[str, tuple[Rows, Floats]]:
        """Return what the site's own sources propose; nothing to a reader who gets candidates by likeness alone."""
        if self._weights_for(state) is not self._weights:
            return dict.fromkeys(self._own.sources, NOTHING_PROPOSED)
        return ask_sources(self._own, state, self._catalogue, moment.as_of, n)

    def _excluded(self, state: ReaderState, history: Rows) -> Rows:
        """Return the rows that the reader read, hid or muted, rising."""
        parts = [history, np.array(self._catalogue.rows(state.user["hidden"]), np.int64)]
        if state.has_mutes:
            parts.append(np.flatnonzero(state.mutes(self._catalogue.news)))
        return np.unique(np.concatenate(parts))

    def _weights_for(self, reader: ReaderState) -> Mapping[str, float]:
        """Return the weights for one reader: who only says what to read about wants the topic, not the hour."""
        towers = self._weights.get("two_tower", 0.0)
        return {"two_tower": towers} if reader.only_spoke and towers > 0 else self._weights

    def _quotas_for(self, reader: ReaderState) -> Mapping[str, float]:
        """Return the quotas for one reader: who only says what to read about has none, and a new reader the newest."""
        if self._quotas is None or reader.only_spoke:
            return {}
        if reader.kind == "new":
            return NEW_READER
        return self._quotas

    def _scored(
        self,
        state: ReaderState,
        reader: SourceInput,
        rows: Rows,
        weights: Mapping[str, float],
        moment: Moment,
        *,
        arrange: Callable[[Rows], Rows] | None = None,
    ) -> Offer:
        """Score rows for one reader by every source; without `arrange` they stay in their order.

        `arrange` takes the rows, best first, and returns the rows that are offered in their order.
        """
        scores = {name: source(reader, rows) for name, source in moment.sources.items()}
        fused = fuse(scores, weights)
        order = np.arange(len(rows))
        if arrange is not None:
            chosen, rising = arrange(rows[np.argsort(-fused, kind="stable")]), np.argsort(rows)
            order = rising[np.searchsorted(rows, chosen, sorter=rising)]
        own = {name: scores[name][order] for name in self._own.sources}
        own |= ask_signals(self._own, state, self._catalogue, moment.as_of, rows[order])
        ordered = {name: scores[name][order] for name in SOURCES}
        seconds = moment.as_of.timestamp()
        unseen = moment.logs.unseen(state.own_id, state.history, rows[order], seconds, state.since)
        return Offer(state.user_id, rows[order], fused[order], ordered, unseen, own)
