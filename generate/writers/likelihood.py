"""How likely texts are to a writer's model: a measure of how fluent they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from broadsheet.generate.writers.prompt_tokens import NEW_TOKENS, PromptTokens

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel


_SCORED = 32
"Texts that are scored at a time."
_ROUNDED = 8
"Lengths of texts are rounded up to a multiple of it: on a CPU each new shape takes time to plan."


def log_likelihoods(
    network: PreTrainedModel, tokens: PromptTokens, texts: Sequence[str], prompts: Sequence[str]
) -> list[float]:
    """Return the mean natural logarithm of the probability of each text's tokens, NaN for an empty text.

    A GPT-like model reads the text alone; a T5-like model reads the text's prompt too.
    """
    sources = None if tokens.joined else [tokens.prompt(prompt) for prompt in prompts]
    rows = [tokens.text(text)[:NEW_TOKENS] for text in texts]
    order = sorted(range(len(rows)), key=lambda place: len(rows[place]))
    found = [float("nan")] * len(rows)
    for start in range(0, len(order), _SCORED):
        places = [place for place in order[start : start + _SCORED] if rows[place]]
        asked = None if sources is None else [sources[place] for place in places]
        scored = _score(network, tokens, [rows[place] for place in places], asked) if places else []
        for place, value in zip(places, scored, strict=True):
            found[place] = value
    return found


def _score(
    network: PreTrainedModel,
    tokens: PromptTokens,
    rows: Sequence[Sequence[int]],
    sources: Sequence[Sequence[int]] | None,
) -> list[float]:
    import torch

    length = -(-max(map(len, rows)) // _ROUNDED) * _ROUNDED  # rounded up
    labels = torch.full((len(rows), length), -1)  # (texts, length), -1 behind a text's end
    for place, row in enumerate(rows):
        labels[place, : len(row)] = torch.tensor(row)
    is_token, device = labels >= 0, network.device
    # Inputs are the labels moved one place to the right, so that each token is predicted from the tokens before it.
    inputs = torch.cat([torch.full((len(rows), 1), first_token(network, tokens)), labels[:, :-1].clamp(min=0)], 1).to(
        device
    )
    with torch.inference_mode():
        if sources is None:
            logits = network(input_ids=inputs, attention_mask=_shifted(is_token).to(device)).logits
        else:
            ids, mask = (part.to(device) for part in tokens.pad_rows(sources))
            logits = network(input_ids=ids, attention_mask=mask, decoder_input_ids=inputs).logits
    # One text at a time: logits (texts, tokens, vocabulary) are large, and copying all of them takes longer.
    return [
        _mean(row[: len(text)].float(), torch.tensor(text, device=device))
        for row, text in zip(logits, rows, strict=True)
    ]


def _mean(logits: torch.Tensor, tokens: torch.Tensor) -> float:
    chances = logits.gather(1, tokens[:, None])[:, 0] - logits.logsumexp(1)
    return float(chances.mean())


def first_token(network: PreTrainedModel, tokens: PromptTokens) -> int:
    """Return the token before a text's first: the decoder's start token, else the beginning-of-text or end token."""
    start = getattr(network.config, "decoder_start_token_id", None)
    options = (start, tokens.tokenizer.bos_token_id, tokens.ends[0])
    return next(int(token) for token in options if token is not None)


def _shifted(is_token: torch.Tensor) -> torch.Tensor:
    """Return the mask of the inputs, each of which stands one place before the token that it predicts."""
    import torch

    return torch.cat([torch.ones(len(is_token), 1, dtype=torch.int64), is_token[:, :-1].long()], 1)
