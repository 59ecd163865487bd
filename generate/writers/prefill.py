"""Prompts that a model reads once, before all drafts of them are written."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from broadsheet.generate.writers.prompt_tokens import PromptTokens

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel


@dataclass
class Prompts:
    """Prompts that a network has read: tokens and mask (prompts, tokens), and what the network keeps of them."""

    network: PreTrainedModel
    ids: torch.Tensor
    mask: torch.Tensor
    cache: Any = None
    "A GPT-like model's keys and values of all tokens but the last."
    encoded: Any = None
    "The output of a T5-like model's encoder."


def read_prompts(network: PreTrainedModel, tokens: PromptTokens, prompts: Sequence[Sequence[int]]) -> Prompts:
    """Read the prompts, rows of tokens, in one batch.

    A GPT-like model's chat template puts the same tokens before every prompt. They are read once for all prompts; the
    padding of a prompt then stands after them.
    """
    import torch

    device = network.device
    with torch.inference_mode():
        if not tokens.joined:
            ids, mask = (part.to(device) for part in tokens.pad_rows(prompts))
            encoded = network.get_encoder()(input_ids=ids, attention_mask=mask)
            return Prompts(network, ids, mask, encoded=encoded)
        shared = len(tokens.before) if len(prompts) > 1 else 0
        ids, mask = (part.to(device) for part in tokens.pad_rows([row[shared:] for row in prompts]))
        cache = None
        if shared:
            before = torch.tensor([tokens.before], device=device)
            cache = network(input_ids=before, use_cache=True, logits_to_keep=1).past_key_values
            cache.batch_repeat_interleave(len(prompts))
            ids = torch.cat([before.expand(len(prompts), -1), ids], 1)
            mask = torch.cat([mask.new_ones(len(prompts), shared), mask], 1)
        all_but_last = mask[:, :-1]
        positions = {name: rows[:, shared:] for name, rows in position_ids(network, all_but_last).items()}
        cache = network(
            input_ids=ids[:, shared:-1],
            attention_mask=all_but_last,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
            **positions,
        ).past_key_values
        return Prompts(network, ids, mask, cache)


def position_ids(network: Any, mask: torch.Tensor) -> dict[str, torch.Tensor]:  # noqa: ANN401
    """Return the argument that gives a GPT-like network the positions of the tokens of a mask (rows, tokens).

    For the mask 0 0 1 1 they are 0 0 0 1; without the argument a network with learned positions would count the
    padding. Empty for a network without such an argument.
    """
    plain = network.get_base_model() if hasattr(network, "get_base_model") else network
    if "position_ids" not in inspect.signature(plain.forward).parameters:
        return {}
    return {"position_ids": (mask.cumsum(1) - 1).clamp(min=0)}
