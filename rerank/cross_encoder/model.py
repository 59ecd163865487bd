"""The cross-encoder: one BERT reads a reader's headlines and a candidate together, and scores how likely a click is.

The head compares the two segments, which a pretrained encoder can do at once, and adds what only clicks can teach. A
head that was never trained is never used: `load_cross_encoder` (trained.py) refuses it.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from broadsheet.models.batching import length_buckets, pad
from broadsheet.models.cpu_bert import can_forward
from broadsheet.rerank.cross_encoder.packed_pairs import PackedPairs
from broadsheet.rerank.cross_encoder.pair_tokens import Pair, PairTokenizer, PairTokens

Score = Callable[[Sequence[Pair]], npt.NDArray[np.float32]]
"""Pairs of (what the reader has read, candidate) to relevance (pairs,), 0 to 1, higher is better."""

KEPT_SCORES = 1 << 15
"""Pairs whose scores are kept, some 300 bytes each."""


class CrossEncoder(nn.Module):
    """BERT over "[CLS] history [SEP] candidate [SEP]" with a scoring head.

    The logit is a learned scale times the cosine of the two segments' mean states, plus a linear layer over their
    product.
    """

    def __init__(self, bert: Any) -> None:  # noqa: ANN401
        super().__init__()
        self.bert = bert
        dim = int(bert.config.hidden_size)
        self.scale = nn.Parameter(torch.tensor(5.0))
        self.offset = nn.Parameter(torch.tensor(-1.5), requires_grad=False)
        self.linear = nn.Linear(dim, 1, bias=False)
        nn.init.zeros_(self.linear.weight)

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor
    ) -> torch.Tensor:
        """Return logits (pairs,) from token ids, mask and segments (pairs, tokens)."""
        states = self.bert(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).last_hidden_state.float()  # (pairs, tokens, dim)
        history = _segment_mean(states, attention_mask * (1 - token_type_ids))
        candidate = _segment_mean(states, attention_mask * token_type_ids)
        return self.judge(history, candidate)

    def judge(self, history: torch.Tensor, candidate: torch.Tensor) -> torch.Tensor:
        """Return logits (pairs,) from the unit means of both segments' states (pairs, dim)."""
        weight = (self.scale + 10 * self.linear.weight[0]).to(history.dtype)  # (dim,)
        logits: torch.Tensor = (history * candidate * weight).sum(-1) + self.offset
        return logits


def _segment_mean(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    weights = mask.float()[..., None]
    return nn.functional.normalize((states * weights).sum(1) / weights.sum(1).clamp(min=1), dim=-1)


class PairScorer:
    """Scores pairs with a trained cross-encoder; safe to call from several threads.

    It copies the weights when it is made. On a CPU a plain BERT scores without padding; any other encoder, and any
    encoder on a GPU, runs in transformers, in batches of pairs of like length. The scores of the last pairs are kept,
    so that a reader who asks again waits only for new pairs.
    """

    def __init__(
        self,
        model: CrossEncoder,
        tokenizer: Any,  # noqa: ANN401
        max_tokens: int,
        fingerprint: str,
        products: torch.dtype | None = None,
    ) -> None:
        """Take a trained model; `products` is the dtype of products without padding, None for the weights' dtype."""
        self.model = model.eval()
        self._tokenize = PairTokenizer(tokenizer, max_tokens)
        self._filler = int(tokenizer.pad_token_id or 0)
        self._packed = PackedPairs(model.bert, model.judge, products) if can_forward(model.bert) else None
        self._kept: dict[Pair, float] = {}
        self.fingerprint = fingerprint
        "Names the scores: it depends on the base model, the adapter and the number of tokens."
        weights = next(model.bert.parameters())
        dtypes = dict.fromkeys([weights.dtype, products or weights.dtype] if self._packed else [weights.dtype])
        self.arithmetic = " ".join([weights.device.type, *(str(dtype).removeprefix("torch.") for dtype in dtypes)])
        """Device, dtype, and the dtype of products if that differs, such as "cpu float32 bfloat16".

        Scores of two arithmetics differ by up to 2e-2.
        """

    def __call__(self, pairs: Sequence[Pair]) -> npt.NDArray[np.float32]:
        """Return relevance (pairs,), 0 to 1, in the order of the pairs.

        A plain BERT on a CPU gives a pair the same score to the bit, whatever pairs stand beside it and however many
        threads work. Padded batches round: each score by less than 1e-5 in float32, 2e-2 in bfloat16.
        """
        kept = self._kept
        missing = [pair for pair in dict.fromkeys(pairs) if pair not in kept]
        found = dict(zip(missing, self._score(missing).tolist(), strict=True))
        scores = np.array([found[pair] if pair in found else kept[pair] for pair in pairs], np.float32)
        if len(kept) + len(found) > KEPT_SCORES:
            self._kept = found  # other threads may still read the former dictionary
        else:
            kept.update(found)
        return scores

    def _score(self, pairs: Sequence[Pair]) -> npt.NDArray[np.float32]:
        rows = self._tokenize(pairs)
        if self._packed is not None:
            return self._packed(rows)
        scores = np.zeros(len(pairs), np.float32)
        for batch in length_buckets([len(row.ids) for row in rows]):
            scores[batch] = self._score_padded([rows[number] for number in batch])
        return scores

    @torch.inference_mode()
    def _score_padded(self, rows: Sequence[PairTokens]) -> npt.NDArray[np.float32]:
        inputs = pad([{"input_ids": row.ids, "token_type_ids": row.segments} for row in rows], self._filler)
        logits = self.model(**{name: tensor.to(self.model.scale.device) for name, tensor in inputs.items()})
        # In float64, since float32 may round the last row of a batch in another way than the first.
        result: npt.NDArray[np.float32] = logits.double().sigmoid().float().cpu().numpy()
        return result
