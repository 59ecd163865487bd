"""The signal `relevance`: what the cross-encoder says of the candidates of a block."""

import numpy as np

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.rerank.block import Block
from broadsheet.rerank.cross_encoder.model import Score
from broadsheet.rerank.cross_encoder.pairs import make_pairs, pair_hash
from broadsheet.rerank.signals import finite
from broadsheet.tables.arrays import Flags, Floats


class Relevance:
    """Has the cross-encoder read the candidates of all readers of a block together, since many pairs take less time."""

    def __init__(self, catalogue: Catalogue, score: Score | None, headlines: int) -> None:
        """`headlines` is the number of headlines of the history, the nearest, that are read with a candidate."""
        self._catalogue, self._score, self._headlines = catalogue, score, headlines

    def __call__(self, block: Block) -> tuple[Floats, list[str | None]]:
        """Return the relevance (readers, candidates), and for each candidate the hash of the texts that were read.

        The hashes of all candidates are laid end to end. The relevance is NaN, and the hash None, where nothing is
        read: without a cross-encoder, and for a reader without a history, as it learned from headlines, not requests.
        """
        known: Flags = np.asarray((block.history >= 0).any(axis=1))
        read = block.there & known[:, None]
        relevance, hashes = np.full(read.shape, np.nan), np.full(read.shape, None, object)
        if self._score is not None and read.any():
            pairs = make_pairs(self._catalogue, block.nearest(self._headlines)[read], block.rows[read])
            relevance[read] = finite("relevance", self._score(pairs).astype(np.float64))
            hashes[read] = [pair_hash(pair) for pair in pairs]
        found: list[str | None] = hashes[block.there].tolist()
        return relevance, found
