"""The re-ranker: signals, fusion, policy and reasons over each user's candidates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import copy

import numpy as np
import pyarrow as pa

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.corpus.filters import Selection
from broadsheet.own_parts import OwnParts, Rerank
from broadsheet.readers.history_weights import HistoryWeights
from broadsheet.readers.slots import slot_places
from broadsheet.readers.state import ReaderState
from broadsheet.rerank.attention import Attention
from broadsheet.rerank.attentive_scorer.scorer import TrainedScorer
from broadsheet.rerank.block import Block, parts_of
from broadsheet.rerank.cross_encoder.model import Score
from broadsheet.rerank.explored import Explores
from broadsheet.rerank.learned_fusion import LearnedFusion
from broadsheet.rerank.newest import not_judged
from broadsheet.rerank.offered import offered_places
from broadsheet.rerank.own import ask_reranker
from broadsheet.rerank.pages import PageMaker, Pages, only_spoke
from broadsheet.rerank.policy.filters import PLACES, Wishes, wishes_of
from broadsheet.rerank.policy.policy import Policy
from broadsheet.rerank.policy.selection import Order
from broadsheet.rerank.ranked_table import Reasons, ranked_table
from broadsheet.rerank.reader_pages import reader_page
from broadsheet.rerank.reasons.explainer import Explainer
from broadsheet.rerank.reasons.own_words import EncodeWords
from broadsheet.rerank.reasons.sentences import language_of, with_own_reasons
from broadsheet.rerank.relevance import Relevance
from broadsheet.rerank.signals import COMPUTED, FROM_CANDIDATES, SIGNALS, contributions, fuse, read_signal
from broadsheet.rerank.weights import weights_for
from broadsheet.tables.arrays import Flags, Floats, Rows
from broadsheet.tables.schemas import RANKED

NEW = 0.5
"""Least freshness of an article that a reason may call new: its age is at most the half-life of freshness."""
Signals = dict[str, Floats]
"""The values of each signal, (readers, candidates) for a block; NaN where the signal is absent."""


class Reranker:
    """Turns candidates into a ranking; without a trained cross-encoder `score` is None and the relevance is absent."""

    def __init__(
        self,
        catalogue: Catalogue,
        score: Score | None,
        *,
        depth: int,
        reads: int,
        history: int,
        headlines: int,
        policy: Policy,
        weights: Mapping[str, float],
        fusion: LearnedFusion | None = None,
        attention: TrainedScorer | None = None,
        own: OwnParts | None = None,
        history_weights: HistoryWeights | None = None,
        language: str = "en",
        encode: EncodeWords | None = None,
    ) -> None:
        """`depth` candidates of a reader are ranked; the cross-encoder reads at most `reads` of these.

        `fusion` takes the place of the `weights`, except for a reader who only says what to read about. `own` has the
        site's own signals, and its re-ranker, which takes the place of both.

        Without an attentive scorer, `attention`, that signal is absent. `history_weights` weighs the articles of a
        history for the signals of affinity; None weighs all the same. Reasons are in English, or in the `language`.
        `encode` makes the vectors of readers' own words, so that a reason can name a part of them.

        Raises ConfigError if the reason of an own signal names what a reason cannot name.
        """
        self._catalogue, self._depth, self._history, self._weigh = catalogue, depth, history, history_weights
        self._relevance = Relevance(catalogue, score, headlines=headlines, reads=reads)
        self._pages, self._attention = PageMaker(catalogue, policy), Attention(attention)
        self._own, self._fusion = own or OwnParts(), fusion
        self._weights = {name: weights[name] for name in SIGNALS}
        self._weights |= {name: signal.weight for name, signal in self._own.signals.items()}
        own_reasons = {name: signal.reason for name, signal in self._own.signals.items()}
        speaks = language_of(language)
        self._explain = Explainer(catalogue, speaks, with_own_reasons(speaks, own_reasons), encode)

    def __call__(
        self,
        readers: Sequence[ReaderState],
        candidates: pa.Table,
        selection: Selection | None = None,
        places: int = PLACES,
        explorer: Explores | None = None,
    ) -> pa.Table:
        """Return the table ranked: for each reader the first `depth` candidates, with their signals and reasons.

        Readers come in the given order; a reader without candidates gets no rows. Articles of a category or source that
        a reader muted are left out, and what a selection does not allow; its pins, boosts and quotas shape the order of
        the first `places`. A reader's rows do not depend on the other readers. With an explorer, the first places are
        drawn by its policy.
        """
        found = offered_places(self._catalogue, readers, candidates, self._depth, selection, places)
        offered = [one for one in zip(readers, found, strict=True) if len(one[1])]
        blocks = parts_of([self._size(reader, len(rows)) for reader, rows in offered])
        tables = [self._rank(offered[block], candidates, selection, places, explorer) for block in blocks]
        return pa.concat_tables(tables).combine_chunks() if tables else RANKED.empty_table()

    def scoring_with(self, score: Score) -> Reranker:
        """Return the same re-ranker with another cross-encoder; both share what they found out of the articles."""
        other = copy(self)
        other._relevance = self._relevance.scoring_with(score)
        return other

    def signals(self, readers: Sequence[ReaderState], candidates: Sequence[pa.Table]) -> list[Signals]:
        """Return each signal of each reader's candidates, (candidates,), NaN where it is absent."""
        return [
            {name: values[number, there] for name, values in signals.items()}
            for block, signals in self._judge(readers, candidates)
            for number, there in enumerate(block.there)
        ]

    def scores(self, readers: Sequence[ReaderState], candidates: Sequence[pa.Table]) -> list[Floats]:
        """Return the fused score of each reader's candidates (candidates,), in their order."""
        judged = self._judge(readers, candidates)
        found = ((block.there, self._fuse(block, signals)) for block, signals in judged)
        return [values[there] for those, scores in found for there, values in zip(those, scores, strict=True)]

    def _judge(self, readers: Sequence[ReaderState], candidates: Sequence[pa.Table]) -> Iterator[tuple[Block, Signals]]:
        """Yield the readers block by block, with the signals of each block."""
        sizes = [self._size(reader, len(table)) for reader, table in zip(readers, candidates, strict=True)]
        for part in parts_of(sizes):
            table = pa.concat_tables(candidates[part])
            block = self._block(readers[part], table, [len(one) for one in candidates[part]])
            yield block, self._signals(block, table)[0]

    def _size(self, reader: ReaderState, candidates: int) -> int:
        """Return how many articles of a reader are compared: candidates, or articles read if these are more."""
        return max(candidates, min(len(reader.history), self._history))

    def _block(self, readers: Sequence[ReaderState], candidates: pa.Table, lengths: Sequence[int]) -> Block:
        """Return the block of readers whose candidates stand one after the other in a table."""
        rows = np.array(self._catalogue.rows(candidates.column("news_id").to_pylist()), np.int64)
        return Block(self._catalogue, readers, np.split(rows, np.cumsum(lengths)[:-1]), self._history, self._weigh)

    def _signals(
        self, block: Block, candidates: pa.Table, wishes: Wishes | None = None
    ) -> tuple[Signals, list[str | None], Pages]:
        """Return the signals of a block, the hash of each candidate's pair of texts if it was read, and the pages."""
        signals = {name: read_signal(name, block, candidates) for name in (*FROM_CANDIDATES, *self._own.signals)}
        signals["attention"] = self._attention(block, signals)
        signals |= {name: compute(block) for name, compute in COMPUTED.items()}
        pages = self._pages(block, not_judged(signals), wishes)

        def in_order(relevance: Floats) -> Signals:
            found = {**signals, "relevance": relevance}
            return {name: found[name] for name in self._weights}

        def page(relevance: Floats) -> tuple[Floats, Order]:
            score = self._fuse_known(block, in_order(relevance))
            return score, pages(score)[0]

        relevance, hashes = self._relevance(block, signals, page)
        return in_order(relevance), hashes, pages

    def _fuse(self, block: Block, signals: Signals) -> Floats:
        """Return the fused score of each candidate (readers, candidates), by the site's own re-ranker if it has one."""
        if self._own.reranker is not None:
            return self._ask(self._own.reranker, block, signals)
        return self._fuse_known(block, signals)

    def _fuse_known(self, block: Block, signals: Signals) -> Floats:
        """Return the fused score of each candidate (readers, candidates), by the weights or the learned fusion."""
        scores, learned = fuse(signals, weights_for(block.readers, self._weights)), self._learned_for(block)
        if self._fusion is not None and learned.any():
            scores[learned] = self._fusion({name: values[learned] for name, values in signals.items()})
        return scores

    def _ask(self, rerank: Rerank, block: Block, signals: Signals) -> Floats:
        """Return the scores of a re-ranker of the site's own, which is asked for one reader after the other."""
        found = np.full(block.rows.shape, np.nan)
        for number, (reader, there) in enumerate(zip(block.readers, block.there, strict=True)):
            theirs = {name: values[number, there] for name, values in signals.items()}
            rows = block.rows[number, there].tolist()
            found[number, there] = ask_reranker(rerank, reader, self._catalogue, rows, theirs)
        return found

    def _learned_for(self, block: Block) -> Flags:
        """Return which candidates the learned fusion scores (readers, candidates).

        It scores none of a reader who only says what to read about: it did not learn from such readers. A re-ranker of
        the site's own takes its place.
        """
        if self._fusion is None or self._own.reranker is not None:
            return np.zeros(block.rows.shape, np.bool_)
        return block.there & ~only_spoke(block.readers)[:, None]

    def _rank(
        self,
        offered: Sequence[tuple[ReaderState, Rows]],
        candidates: pa.Table,
        selection: Selection | None,
        places: int,
        explorer: Explores | None,
    ) -> pa.Table:
        candidates = candidates.take(pa.array(np.concatenate([found for _, found in offered])))
        block = self._block([reader for reader, _ in offered], candidates, [len(found) for _, found in offered])
        wishes = None if selection is None else self._wishes(block, selection, places)
        signals, hashes, pages = self._signals(block, candidates, wishes)
        score = self._fuse(block, signals)
        order, distance = pages(score)
        if explorer is not None:
            order = explorer(block, order, score, pages)
            distance = pages.distances(order)
        columns = {name: signals[name] for name in SIGNALS}
        columns |= {"fused": score, "probability": self._probability(block, score)}
        own = {name: signals[name] for name in self._own.signals}
        users = candidates.column("user_id")
        reasons = self._reasons(block, signals, order, pages.kept(order))
        return ranked_table(users, block, order, columns, own, hashes, reasons, distance)

    def _wishes(self, block: Block, selection: Selection, places: int) -> Wishes:
        slots = slot_places(selection, block.readers, block.rows, self._catalogue) if selection.slots else None
        return wishes_of(selection, block.rows, places, slots)

    def _probability(self, block: Block, scores: Floats) -> Floats:
        """Return the learned fusion's probability of a click (readers, candidates); NaN where it did not score."""
        learned, found = self._learned_for(block), np.full(scores.shape, np.nan)
        if self._fusion is not None:
            found[learned] = self._fusion.probability(scores[learned])
        return found

    def _reasons(self, block: Block, signals: Signals, order: Order, kept: Flags) -> Reasons:
        """Return for each place of each page the history article that its reason names, or -1, and the reason."""
        weights, learned = weights_for(block.readers, self._weights), self._learned_for(block)
        parts = contributions(signals, weights, block.there)
        if self._fusion is not None and learned.any():
            flat = {name: values[learned] for name, values in signals.items()}
            for name, values in self._fusion.contributions(flat, learned.sum(axis=1)).items():
                parts[name][learned] = values
        new = (signals["freshness"] >= NEW) & (weights["freshness"] != 0)
        return self._explain(
            [
                reader_page(block, number, order[number, :length], new, kept, parts)
                for number, length in enumerate(block.lengths.tolist())
            ]
        )
