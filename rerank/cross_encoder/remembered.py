"""Scores of a running process, so that the cross-encoder reads a pair of texts once and not for each page.

A reader who comes back has nearly the same history, so most pairs of the next page were read for the page before.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import numpy as np
import numpy.typing as npt

from broadsheet.rerank.cross_encoder.earlier_scores import EarlierScores
from broadsheet.rerank.cross_encoder.model import Score
from broadsheet.rerank.cross_encoder.pair_tokens import Pair
from broadsheet.rerank.cross_encoder.pairs import pair_hash
from broadsheet.tables.locks import ThreadLock

MOST_PAIRS = 400_000
"""Pairs whose scores are remembered, some 150 bytes each; the pair that was read first goes first."""


class RememberedScores:
    """The scores of one cross-encoder: those of the edition, and those of this process; safe to share between threads.

    Scores are found by the texts that were read; see `earlier_scores`.
    """

    def __init__(self, edition: EarlierScores | None = None, most: int = MOST_PAIRS) -> None:
        self._edition, self._most = edition, most
        self._scores: dict[str, np.float32] = {}
        self._lock = ThreadLock()

    def __len__(self) -> int:
        """Return how many pairs are remembered."""
        return len(self._scores)

    def scoring(self, user_ids: Sequence[str], score: Score) -> Score:
        """Return a scorer that asks `score` for each new pair once; `user_ids` are the readers of the pairs."""
        of_edition = {} if self._edition is None else self._edition.of(user_ids)

        def scored(pairs: Sequence[Pair]) -> npt.NDArray[np.float32]:
            keys = [pair_hash(pair) for pair in pairs]
            known = {key: found for key in keys if (found := of_edition.get(key, self._scores.get(key))) is not None}
            new = {key: pair for key, pair in zip(keys, pairs, strict=True) if key not in known}
            if new:
                made = dict(zip(new, score(list(new.values())), strict=True))
                known |= made
                self._remember(made)
            return np.array([known[key] for key in keys], np.float32)

        return scored

    def _remember(self, made: dict[str, np.float32]) -> None:
        with self._lock:
            self._scores.update(made)
            if beyond := len(self._scores) - self._most:
                for key in list(islice(self._scores, max(beyond, 0))):
                    del self._scores[key]
