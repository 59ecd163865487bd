"""BERT's forward pass on the CPU without padding: the tokens of all texts of a batch lie in one row.

Attention is computed for the texts of one length at a time. Every other step works on tokens, so texts of any lengths
share one matrix product. Queries, keys and values are one product too, and weights are laid out once for the processor.
Only encoders that `can_forward` accepts are run this way.

The alternatives: padded batches in transformers take 1.3 times as long in bfloat16. torch.compile needs a C++ compiler
on the machine that serves. int8 products take half the time of bfloat16, but quantising takes much of it back, and 6 %
of the ten nearest neighbours changed (bfloat16: 1 %).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain, groupby
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

BATCH_TOKENS = 1024
"""Tokens of one call: few enough that the states fit the processor's cache, enough that products are fast."""
STEP = 16
"""Tokens of a call are filled up to a multiple of this: for each new number of tokens oneDNN makes and keeps code."""

Norm = Callable[[Tensor], Tensor]


class EqualTexts(NamedTuple):
    """Texts of one length that lie side by side."""

    texts: int
    tokens: int
    "Tokens of each text."


class _Layer(NamedTuple):
    query_key_value: _Product
    attention_output: _Product
    attention_norm: Norm
    intermediate: _Product
    output: _Product
    norm: Norm


def can_forward(model: Any) -> bool:  # noqa: ANN401
    """Tell whether a loaded encoder is a plain BERT on the CPU; adapters must be merged into its weights before."""
    config = model.config
    return (
        type(model).__name__ == "BertModel"
        and model.device.type == "cpu"
        and model.dtype in (torch.float32, torch.bfloat16)
        and config.hidden_act == "gelu"
        and not config.is_decoder
        and getattr(config, "position_embedding_type", "absolute") in (None, "absolute")
        and all(type(part) is torch.nn.Linear for part in _linears(model))
    )


def _linears(model: Any) -> list[Any]:  # noqa: ANN401
    found = []
    for layer in model.encoder.layer:
        attention = layer.attention.self
        found += [attention.query, attention.key, attention.value, layer.attention.output.dense]
        found += [layer.intermediate.dense, layer.output.dense]
    return found


class BertForward:
    """The last hidden states of a BertModel, in its dtype; the weights are those it had when this was made.

    `products` is the dtype of matrix products and attention, the model's own if it is None. States of float32 between
    products of bfloat16 take some time, and halve what rounding does to the last states.
    """

    @torch.no_grad()
    def __init__(self, model: Any, products: torch.dtype | None = None) -> None:  # noqa: ANN401
        self._products = products or model.dtype
        tables = model.embeddings
        self._heads = int(model.config.num_attention_heads)
        self._words = tables.word_embeddings.weight.detach()
        places, segments = tables.position_embeddings.weight, tables.token_type_embeddings.weight
        self._places = (places + segments[:, None]).detach()  # (segments, places, dim)
        self._embedding_norm = _norm(tables.LayerNorm)
        self._layers = [_layer(layer, self._products) for layer in model.encoder.layer]

    def __call__(
        self, texts: Sequence[list[int]], segments: Sequence[list[int]] | None = None
    ) -> tuple[Tensor, list[EqualTexts]]:
        """Return states (tokens, dim) of texts given as token numbers, one text behind the other, and their runs.

        `segments` are BERT's token types, a number for each token; all 0 if they are not given. Texts of one length
        should be neighbours: attention is called once for each run of equal lengths.
        """
        runs = [EqualTexts(len(list(group)), length) for length, group in groupby(len(text) for text in texts)]
        count = sum(len(text) for text in texts)
        filler = EqualTexts(1, -count % STEP)  # one more text, whose states are thrown away
        within = runs + [filler] * (filler.tokens > 0)
        places = torch.cat([torch.arange(run.tokens).repeat(run.texts) for run in within])
        kinds = _flat(segments, filler.tokens) if segments else torch.zeros_like(places)
        embedded = self._words[_flat(texts, filler.tokens)] + self._places[kinds, places]
        states = self._embedding_norm(embedded)  # (tokens, dim)
        for layer in self._layers:
            mixed = _attend(layer.query_key_value(states.to(self._products)), within, self._heads)
            states = layer.attention_norm(layer.attention_output.plus(mixed, states))
            between = layer.intermediate.gelu(states.to(self._products))
            states = layer.norm(layer.output.plus(between, states))
        return states[:count], runs


def mean_of_runs(states: Tensor, runs: Sequence[EqualTexts]) -> Tensor:
    """Return each text's mean state in float32 (texts, dim), from states (tokens, dim)."""
    parts = torch.split(states, [run.texts * run.tokens for run in runs])
    means = [part.float().view(*run, -1).mean(1) for part, run in zip(parts, runs, strict=True)]
    return torch.cat(means)


def first_of_runs(states: Tensor, runs: Sequence[EqualTexts]) -> Tensor:
    """Return the state of each text's first token in float32 (texts, dim), from states (tokens, dim)."""
    parts = torch.split(states, [run.texts * run.tokens for run in runs])
    return torch.cat([part.float().view(*run, -1)[:, 0] for part, run in zip(parts, runs, strict=True)])


def _flat(rows: Sequence[list[int]], fill: int) -> Tensor:
    return torch.tensor([*chain.from_iterable(rows), *[0] * fill])


def _attend(query_key_value: Tensor, runs: Sequence[EqualTexts], heads: int) -> Tensor:
    """Return (tokens, dim): each text's values mixed by its own tokens' attention, from (tokens, 3 * dim)."""
    mixed = []
    for part, run in zip(torch.split(query_key_value, [run.texts * run.tokens for run in runs]), runs, strict=True):
        split = part.view(*run, 3, heads, -1).permute(2, 0, 3, 1, 4)  # (3, texts, heads, tokens, head's dim)
        found = functional.scaled_dot_product_attention(*split)
        mixed.append(found.transpose(1, 2).reshape(run.texts * run.tokens, -1))
    return torch.cat(mixed)


def _layer(layer: Any, dtype: torch.dtype) -> _Layer:  # noqa: ANN401
    attention = layer.attention.self
    three = [attention.query, attention.key, attention.value]
    weight, bias = torch.cat([part.weight for part in three]), torch.cat([part.bias for part in three])
    return _Layer(
        _Product(weight, bias, dtype),
        _Product(layer.attention.output.dense.weight, layer.attention.output.dense.bias, dtype),
        _norm(layer.attention.output.LayerNorm),
        _Product(layer.intermediate.dense.weight, layer.intermediate.dense.bias, dtype),
        _Product(layer.output.dense.weight, layer.output.dense.bias, dtype),
        _norm(layer.output.LayerNorm),
    )


class _Product:
    """The product with a weight laid out, once, in the blocks that oneDNN reads, as torch.compile freezes it.

    It adds up a row in the same order whatever rows stand beside it; torch's own float32 product does not. The step
    after a product (GELU, or adding other states) is part of it: that saves a pass over the states, and in bfloat16 a
    rounding.
    """

    def __init__(self, weight: Tensor, bias: Tensor, dtype: torch.dtype) -> None:
        self._weight, self._bias = weight.detach().to(dtype).contiguous(), bias.detach().to(dtype)
        self._ops = torch.ops.mkldnn if torch.backends.mkldnn.is_available() else None  # type: ignore[no-untyped-call]
        if self._ops:
            self._weight = self._ops._reorder_linear_weight(self._weight, BATCH_TOKENS)

    def __call__(self, states: Tensor) -> Tensor:
        """Return (tokens, out) from (tokens, in)."""
        return self._run(states, "none") if self._ops else functional.linear(states, self._weight, self._bias)

    def gelu(self, states: Tensor) -> Tensor:
        """Return the product's GELU."""
        return self._run(states, "gelu") if self._ops else functional.gelu(self(states))

    def plus(self, states: Tensor, others: Tensor) -> Tensor:
        """Return the product plus `others` (tokens, out), in the dtype of `others`, which may be overwritten."""
        if not self._ops or others.dtype != states.dtype:
            return others.add_(self(states))
        found: Tensor = self._ops._linear_pointwise.binary(states, others, self._weight, self._bias, "add")
        return found

    def _run(self, states: Tensor, then: str) -> Tensor:
        assert self._ops
        found: Tensor = self._ops._linear_pointwise(states, self._weight, self._bias, then, [], "none")
        return found


def _norm(norm: Any) -> Norm:  # noqa: ANN401
    shape, weight, bias, eps = norm.normalized_shape, norm.weight.detach(), norm.bias.detach(), norm.eps
    return lambda states: functional.layer_norm(states, shape, weight, bias, eps)
