"""What a writer learns from: prompts, each with the text to write and with texts that readers passed over."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch

from broadsheet.generate.writers.prompt_tokens import PromptTokens

IGNORED = -100
"The label of a token that is not learned."

Job = Literal["headline", "summary"]
JOBS: tuple[Job, ...] = get_args(Job)


@dataclass(frozen=True)
class Pair:
    """A prompt, and the text that should be written for it."""

    job: Job
    prompt: str
    text: str
    others: tuple[str, ...] = ()
    "Texts that a reader passed over when choosing `text`."


class PairBatch:
    """Makes a batch of padded tokens from pairs: the texts to write, then one of `others` for each pair that has any.

    For a GPT-like model a row is prompt and text, padded on the left, so that all texts end at the same place. For a
    T5-like model the prompt is the encoder's and the text the decoder's.
    """

    def __init__(self, tokens: PromptTokens, most_tokens: int) -> None:
        """Take what turns texts into tokens, and the most tokens of a text, its end token included."""
        self._tokens, self._most = tokens, most_tokens

    def __call__(self, pairs: Sequence[Pair]) -> dict[str, Any]:
        """Return input_ids, attention_mask and labels, each (rows, tokens), and `lost`.

        `lost` names, for each row that was passed over, (this row, the row that was chosen).
        """
        texts = [(pair.prompt, pair.text) for pair in pairs]
        lost = []
        for row, pair in enumerate(pairs):
            if pair.others:
                lost.append((len(texts), row))
                texts.append((pair.prompt, random.choice(pair.others)))
        prompts = [self._tokens.prompt(prompt) for prompt, _ in texts]
        wanted = [[*self._tokens.text(text)[: self._most - 1], self._tokens.ends[0]] for _, text in texts]
        if self._tokens.joined:
            rows = [(*prompt, *text) for prompt, text in zip(prompts, wanted, strict=True)]
            labels = [[IGNORED] * len(prompt) + text for prompt, text in zip(prompts, wanted, strict=True)]
            ids, labelled = self._left(rows, self._tokens.pad), self._left(labels, IGNORED)
            mask = self._left([[1] * len(row) for row in rows], 0)
        else:
            ids, labelled = self._right(prompts, self._tokens.pad), self._right(wanted, IGNORED)
            mask = self._right([[1] * len(row) for row in prompts], 0)
        return {"input_ids": ids, "attention_mask": mask, "labels": labelled, "lost": lost}

    @staticmethod
    def _left(rows: Sequence[Sequence[int]], fill: int) -> torch.Tensor:
        width = max(map(len, rows))
        return torch.tensor([[fill] * (width - len(row)) + list(row) for row in rows])

    @staticmethod
    def _right(rows: Sequence[Sequence[int]], fill: int) -> torch.Tensor:
        width = max(map(len, rows))
        return torch.tensor([list(row) + [fill] * (width - len(row)) for row in rows])
