"""The signal `relevance`: what the cross-encoder says of candidates, and which candidates it reads.

The cross-encoder takes far more time than all other signals together, so it reads only the candidates that can still
reach the page. While another signal stands in for the relevance, the policy arranges the page; the cross-encoder reads
the first articles of this page. The stand-in is the attentive scorer's opinion, which answers the same question, or
without it the two-tower score.

A candidate that is not read gets the relevance that its stand-in leads to expect: the least-squares line through the
reader's candidates that were read, with a slope of at least 0. So the order of the unread candidates by relevance is
that of their stand-ins, and no candidate gains or loses because it was not read.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.rerank.block import Block, mean_of
from broadsheet.rerank.cross_encoder.model import Score
from broadsheet.rerank.cross_encoder.pairs import make_pairs, pair_hash
from broadsheet.rerank.policy.selection import NO_ITEM, Order
from broadsheet.rerank.signals import finite, present
from broadsheet.tables.arrays import Flags, Floats, Rows

Page = Callable[[Floats], tuple[Floats, Order]]
"""From a relevance to the fused scores and the order of the page that it leads to, all (readers, candidates)."""
FIRST_ROUND = 0.75
"""Share of the candidates to read that are read before the page is arranged again, by what they taught."""
LOWEST = 0.15
"""Share of the candidates to read that have the lowest fused scores: the policy scales the scores of a list by them."""


class Relevance:
    """Has the cross-encoder read the first candidates of all readers of a block together, which takes less time."""

    def __init__(self, catalogue: Catalogue, score: Score | None, *, headlines: int, reads: int) -> None:
        """`headlines` is the number of headlines of the history, the nearest, that are read with a candidate.

        `reads` is the largest number of candidates of one reader that are read.
        """
        self._catalogue, self._score, self._headlines, self._reads = catalogue, score, headlines, reads

    def scoring_with(self, score: Score) -> Relevance:
        """Return the same with another cross-encoder."""
        return Relevance(self._catalogue, score, headlines=self._headlines, reads=self._reads)

    def __call__(self, block: Block, signals: Mapping[str, Floats], page: Page) -> tuple[Floats, list[str | None]]:
        """Return the relevance (readers, candidates), and for each candidate the hash of the texts that were read.

        `signals` are all others. The hashes of all candidates are laid end to end; the hash is None where nothing was
        read. The relevance is NaN for all candidates of a reader of whom nothing is read: without a cross-encoder, and
        for a reader without a history, as it learned from headlines, not requests.
        """
        relevance, hashes = np.full(block.rows.shape, np.nan), np.full(block.rows.shape, None, object)
        known: Flags = np.asarray((block.history >= 0).any(axis=1))
        wanted = block.there & known[:, None]
        if self._score is not None and wanted.any():
            prior = stand_in(signals, wanted)
            estimate = np.where(wanted, prior, np.nan)
            read = np.zeros(wanted.shape, np.bool_)
            for count in self._rounds(block):
                new = to_read(page, estimate, wanted, read, count) if block.rows.shape[1] > count else wanted & ~read
                self._judge(block, new, self._score, relevance, hashes)
                read |= new
                estimate = np.where(wanted & ~read, expected(relevance, prior, read), relevance)
            relevance = estimate
        found: list[str | None] = hashes[block.there].tolist()
        return relevance, found

    def _rounds(self, block: Block) -> list[int]:
        """Return how many candidates of a reader are read after each round."""
        if block.rows.shape[1] <= self._reads:
            return [self._reads]
        return sorted({math.ceil(self._reads * FIRST_ROUND), self._reads})

    def _judge(
        self, block: Block, new: Flags, score: Score, relevance: Floats, hashes: npt.NDArray[np.object_]
    ) -> None:
        """Put the relevance of some candidates, and the hashes of their pairs, into the arrays."""
        pairs = make_pairs(self._catalogue, block.nearest(self._headlines)[new], block.rows[new])
        relevance[new] = finite("relevance", score(pairs).astype(np.float64))
        hashes[new] = [pair_hash(pair) for pair in pairs]


def to_read(page: Page, estimate: Floats, wanted: Flags, read: Flags, count: int) -> Flags:
    """Return which candidates to read, so that `count` of each reader are read, all (readers, candidates).

    These are the first of the page that an estimated relevance leads to. In the first round, when nothing is `read`,
    they are also the candidates with the lowest fused scores.
    """
    score, order = page(estimate)
    lowest = 0 if read.any() else int(count * LOWEST)
    new = first(-score, wanted, lowest) | read
    left = count - (new & wanted).sum(axis=1, keepdims=True)
    places = np.full(score.shape, score.shape[1])
    readers, place = np.nonzero(order != NO_ITEM)
    places[readers, order[readers, place]] = place
    return (new | first(-places, wanted & ~new, left)) & ~read


def stand_in(signals: Mapping[str, Floats], wanted: Flags) -> Floats:
    """Return what stands in for the relevance of candidates that are not read, (readers, candidates).

    It is the attentive scorer's opinion, or the two-tower score for a reader with candidates that it did not score.
    """
    attention = signals["attention"]
    scored = (np.isfinite(attention) | ~wanted).all(axis=1, keepdims=True)
    return present(np.where(scored, attention, signals["two_tower"]))


def first(scores: npt.NDArray[Any], there: Flags, count: int | Rows) -> Flags:
    """Return which candidates are among the first of their reader by score, (readers, candidates).

    `count` is the number of candidates, or the number for each reader (readers, 1). Of equal scores the first
    candidate comes first.
    """
    order = np.argsort(np.where(there, -scores, np.inf), axis=1, kind="stable")
    found = np.zeros(scores.shape, np.bool_)
    np.put_along_axis(found, order, np.broadcast_to(np.arange(scores.shape[1]) < count, scores.shape), axis=1)
    return found & there


def expected(relevance: Floats, prior: Floats, read: Flags) -> Floats:
    """Return the relevance that each candidate's `prior` leads to expect, 0 to 1, all (readers, candidates).

    It is the least-squares line through the candidates of the same reader that were read, with a slope of at least 0.
    A read candidate whose relevance is NaN does not count; NaN for a reader without any other. For example, read
    candidates of prior 0.2 and 0.6 and relevance 0.3 and 0.5 make an unread candidate of prior 0.1 expect 0.25.
    """
    known: Flags = read & np.isfinite(relevance)
    middle, level = mean_of(prior, known), mean_of(relevance, known)
    apart = np.where(known, prior - middle, 0.0)
    spread, together = mean_of(apart**2, known), mean_of(apart * present(relevance - level), known)
    slope = np.where(spread > 0, np.maximum(together, 0.0) / np.where(spread > 0, spread, 1.0), 0.0)
    line: Floats = np.clip(level + slope * (prior - middle), 0.0, 1.0)
    return np.where(known.any(axis=1, keepdims=True), line, np.nan)
