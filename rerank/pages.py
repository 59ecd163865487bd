"""The pages of a block's readers: the order that the policy gives to scored candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.corpus.same_text import SameTexts
from broadsheet.readers.state import ReaderState
from broadsheet.rerank.block import Block
from broadsheet.rerank.policy.diversity import Similarity
from broadsheet.rerank.policy.filters import Wishes
from broadsheet.rerank.policy.limits import are_kept, are_small, large_sources
from broadsheet.rerank.policy.policy import Items, Policy, arrange, caps
from broadsheet.rerank.policy.selection import NO_ITEM, Order
from broadsheet.tables.arrays import Flags, Floats, Rows

SPOKEN_DIVERSITY = 0.4
"""Factor of the diversity for a reader who has words on interests but no history."""


class PageMaker:
    """The policy, with what it needs to know of the articles of a catalogue."""

    def __init__(self, catalogue: Catalogue, policy: Policy) -> None:
        self.catalogue, self.policy, self.same_texts = catalogue, policy, SameTexts(catalogue)
        large = large_sources(catalogue.news.column("source")) if policy.small_sources else frozenset[str]()
        self.small: Flags = are_small(catalogue.names["source"].names, large)

    def __call__(self, block: Block, newest: Flags, wishes: Wishes | None) -> Pages:
        """Return the pages of a block; `newest` are the candidates that readers have not judged yet."""
        return Pages(self, block, newest & block.there, wishes)


class Pages:
    """Orders the candidates of a block by scores, as often as scores are known better."""

    def __init__(self, maker: PageMaker, block: Block, newest: Flags, wishes: Wishes | None) -> None:
        self._maker, self._block, self._newest, self._wishes = maker, block, newest, wishes

    def __call__(self, score: Floats) -> tuple[Order, Floats]:
        """Return the order by scores, and of each place the distance to the places above, all (readers, candidates)."""
        order, distance = np.full(score.shape, NO_ITEM, np.int64), np.zeros(score.shape)
        items = replace(self._items, scores=score)
        for policy, readers in self._policies:
            wished = self._wishes.of(readers) if self._wishes else None
            found = arrange(items.of(readers), policy, self._read[readers], wished)
            order[readers], distance[readers] = found
        return order, distance

    def kept(self, order: Order) -> Flags:
        """Return which places of an order have an item because it is new (readers, candidates)."""
        kept = np.zeros(order.shape, np.bool_)
        for policy, readers in self._policies:
            kept[readers] = are_kept(order.shape[1], policy.newest)
        found: Flags = kept & np.take_along_axis(self._newest, order, axis=1)
        return found

    def distances(self, order: Order) -> Floats:
        """Return of each place of an order 1 - the largest likeness to a place above, (readers, candidates)."""
        similarity = Similarity(self._items.likeness)
        for place in range(order.shape[1]):
            similarity.take(order[:, place])
        return similarity.distances

    def may_move(self, reader: int, listed: Rows, places: int) -> tuple[Flags, dict[int, int]]:
        """Return which articles of a reader's list may be on the page in any order, and which stay in their slots.

        `listed` are the candidates in the order of the list. The first `places` may be on the page; of the others, an
        article only if it keeps within the caps beside all that were let in before it. The articles that filters pin,
        and the first of a kind of which filters want a fewest number, stay: the slot of each, from 1, and its place.
        """
        items = self._items.of(np.array([reader]))
        wishes = self._wishes.of(np.array([reader])) if self._wishes else None
        limits = [*(wishes.most() if wishes else []), *caps(items, self._maker.policy)]
        kept = np.zeros(len(listed), np.bool_)
        for place, item in enumerate(listed.tolist()):
            if place < places or all(limit.allowed()[0, item] for limit in limits):
                kept[place] = True
                for limit in limits:
                    limit.take(np.array([item]))
        first = listed[:places]
        stay = wishes.stay(first) if wishes else np.zeros(len(first), np.bool_)
        return kept, {place + 1: place for place in np.flatnonzero(stay).tolist()}

    @cached_property
    def _policies(self) -> list[tuple[Policy, Rows]]:
        """The policy, and which readers it is for; who only says what to read about wants the topic, not the hour."""
        policy, spoke = self._maker.policy, only_spoke(self._block.readers)
        spoken = replace(policy, diversity=policy.diversity * SPOKEN_DIVERSITY, newest=0.0)
        found = [(policy, np.flatnonzero(~spoke)), (spoken, np.flatnonzero(spoke))]
        return [(one, readers) for one, readers in found if len(readers)]

    @cached_property
    def _read(self) -> Rows:
        return self._block.numbers("category", self._block.history)

    @cached_property
    def _items(self) -> Items:
        block, maker = self._block, self._maker
        sources = block.numbers("source", block.rows)
        return Items(
            scores=np.zeros(block.rows.shape),
            there=block.there,
            likeness=block.likeness,
            categories=block.numbers("category", block.rows),
            sources=sources,
            published_at=maker.catalogue.published_at[block.rows],
            small=maker.small[sources],
            newest=self._newest,
            copies=maker.same_texts.copies(block.rows, block.rows, block.likeness) if maker.policy.once else None,
        )


def only_spoke(readers: Sequence[ReaderState]) -> Flags:
    """Return which readers say what to read about, but have read nothing."""
    return np.array([reader.only_spoke for reader in readers], np.bool_)
