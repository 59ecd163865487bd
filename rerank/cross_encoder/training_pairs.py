"""What cross-encoder training reads: a clicked article and some shown beside it, as tokenised pairs."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from broadsheet.corpus.catalogue import Catalogue
from broadsheet.models.batching import pad
from broadsheet.rerank.cross_encoder.pair_tokens import Pair, encode_pairs
from broadsheet.rerank.cross_encoder.pairs import make_pairs, nearest_history


@dataclass(frozen=True)
class Example:
    """One clicked article of an impression, by catalogue rows."""

    history: list[int]
    clicked: int
    shown: list[int]
    "Shown articles that were not clicked."


class PairMaker:
    """Turns examples into tokenised groups, the clicked article first."""

    def __init__(
        self,
        catalogue: Catalogue,
        tokenizer: Any,  # noqa: ANN401
        *,
        headlines: int,
        history: int,
        max_tokens: int,
        negatives: int,
        history_cut: float,
    ) -> None:
        """Take how many headlines a pair has, of how long a history, and the settings of RerankerConfig."""
        self._catalogue, self.tokenizer = catalogue, tokenizer
        self._headlines, self._history, self._max_tokens = headlines, history, max_tokens
        self._negatives, self._history_cut = negatives, history_cut

    def pairs(self, history: Sequence[int], candidates: Sequence[int]) -> list[Pair]:
        """Return the pairs of a history (oldest first) and candidates, by catalogue rows."""
        nearest = nearest_history(self._catalogue, history[-self._history :], candidates, self._headlines)
        return make_pairs(self._catalogue, nearest, candidates)

    def __call__(self, examples: Sequence[Example]) -> dict[str, Any]:
        """Return padded inputs of all pairs, and `groups`: how many pairs each example has."""
        pairs: list[Pair] = []
        groups = []
        for example in examples:
            shown = random.sample(example.shown, min(self._negatives, len(example.shown)))
            made = self.pairs(self._cut(example.history), [example.clicked, *shown])
            pairs += made
            groups.append(len(made))
        batch = pad(encode_pairs(self.tokenizer, pairs, self._max_tokens), int(self.tokenizer.pad_token_id or 0))
        return {**batch, "groups": torch.tensor(groups)}

    def _cut(self, history: list[int]) -> list[int]:
        if len(history) < 2 or random.random() >= self._history_cut:
            return history
        return history[: random.randint(1, len(history))]
