"""What a writer learns from: prompts, each with the text that is wanted and texts that are not."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch

from broadsheet.generate.writers.prompt_tokens import PromptTokens

IGNORED = -100
"Label of what is not learned."

Job = Literal["headline", "summary"]
JOBS: tuple[Job, ...] = get_args(Job)


@dataclass(frozen=True)
class Pair:
    """A prompt, and what should be written."""

    job: Job
    prompt: str
    text: str
    others: tuple[str, ...] = ()
    "Texts that readers of this one passed over."


class PairBatch:
    """A collator: pairs to padded tokens, the wanted texts first, then one of the others of each pair that has some.

    For GPT-like models a row is prompt and text, padded on the
    left, so that what is learned stands at the end; for T5-like ones the text is the decoder's.
    """

    def __init__(self, tokens: PromptTokens, most_tokens: int) -> None:
        """Take a model's tokens, and the most that a text may have, its end included."""
        self._tokens, self._most = tokens, most_tokens

    def __call__(self, pairs: Sequence[Pair]) -> dict[str, Any]:
        """Return input_ids, attention_mask and labels, each (rows, tokens), and `lost`: (row, row that won) pairs."""
        texts = [(pair.prompt, pair.text) for pair in pairs]
        lost = []
        for row, pair in enumerate(pairs):
            if pair.others:
                lost.append((len(texts), row))
                texts.append((pair.prompt, random.choice(pair.others)))
        prompts = [self._tokens.prompt(prompt) for prompt, _ in texts]
        wanted = [[*self._tokens.text(text)[: self._most - 1], self._tokens.ends[0]] for _, text in texts]
        if self._tokens.joined:
            rows = [(*one, *other) for one, other in zip(prompts, wanted, strict=True)]
            labels = [[IGNORED] * len(one) + other for one, other in zip(prompts, wanted, strict=True)]
            ids, known = self._left(rows, self._tokens.pad), self._left(labels, IGNORED)
            mask = self._left([[1] * len(row) for row in rows], 0)
        else:
            ids, known = self._right(prompts, self._tokens.pad), self._right(wanted, IGNORED)
            mask = self._right([[1] * len(row) for row in prompts], 0)
        return {"input_ids": ids, "attention_mask": mask, "labels": known, "lost": lost}

    @staticmethod
    def _left(rows: Sequence[Sequence[int]], fill: int) -> torch.Tensor:
        width = max(map(len, rows))
        return torch.tensor([[fill] * (width - len(row)) + list(row) for row in rows])

    @staticmethod
    def _right(rows: Sequence[Sequence[int]], fill: int) -> torch.Tensor:
        width = max(map(len, rows))
        return torch.tensor([list(row) + [fill] * (width - len(row)) for row in rows])
