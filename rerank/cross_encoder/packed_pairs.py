"""Scoring pairs on a CPU without padding; each core works on batches of its own."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import normalize

from broadsheet.models.batching import even_batches
from broadsheet.models.cpu_bert import BATCH_TOKENS, BertForward
from broadsheet.models.threads import stream
from broadsheet.rerank.cross_encoder.pair_tokens import PairTokens

LEAST_TOKENS = 128
"""Fewest tokens of a batch: for fewer, another core is not worth the time it takes to start."""

Judge = Callable[[Tensor, Tensor], Tensor]
"""Unit means of the states of history and candidate, each (pairs, dim), to logits (pairs,)."""


class PackedPairs:
    """Scores tokenised pairs with a copy of a plain BERT's weights, and a head.

    `products` is the dtype of matrix products, None for the weights' dtype.
    """

    def __init__(self, bert: Any, judge: Judge, products: torch.dtype | None = None) -> None:  # noqa: ANN401
        self._forward, self._judge = BertForward(bert, products), judge
        self._threads = torch.get_num_threads()

    def __call__(self, rows: Sequence[PairTokens]) -> npt.NDArray[np.float32]:
        """Return relevance (pairs,), 0 to 1; a pair's score is the same to the bit whatever pairs stand beside it."""
        scores = np.zeros(len(rows), np.float32)
        lengths = [len(row.ids) for row in rows]
        batches = even_batches(lengths, self._parts(sum(lengths)))
        found = stream(self._score, [[rows[number] for number in batch] for batch in batches], self._threads)
        for batch, part in zip(batches, found, strict=True):
            scores[batch] = part
        return scores

    def _parts(self, tokens: int) -> int:
        """Return the number of batches for `tokens` tokens: equally many for each core, at most BATCH_TOKENS each."""
        rounds = -(-tokens // (BATCH_TOKENS * self._threads))
        return max(1, min(rounds * self._threads, tokens // LEAST_TOKENS))

    @torch.inference_mode()
    def _score(self, rows: Sequence[PairTokens]) -> npt.NDArray[np.float32]:
        states, _ = self._forward([row.ids for row in rows], [row.segments for row in rows])
        sizes = torch.tensor([size for row in rows for size in _segment_sizes(row)])
        means = torch.segment_reduce(states.float(), "mean", lengths=sizes)  # (2 * pairs, dim)
        # In float64, since how float32 rounds in a sum or a sigmoid depends on a row's place among the others.
        history, candidate = normalize(means.double(), dim=-1).view(len(rows), 2, -1).unbind(1)
        scores: npt.NDArray[np.float32] = self._judge(history, candidate).sigmoid().float().numpy()
        return scores


def _segment_sizes(row: PairTokens) -> tuple[int, int]:
    second = sum(row.segments)
    return len(row.ids) - second, second
