"""The training examples of the cross-encoder: a clicked article and articles shown beside it, as tokenised pairs."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from broadsheet.config.training import RerankerConfig
from broadsheet.corpus.catalogue import Catalogue
from broadsheet.models.batching import pad
from broadsheet.rerank.cross_encoder.pair_tokens import Pair, encode_pairs
from broadsheet.rerank.cross_encoder.pairs import make_pairs, nearest_history


@dataclass(frozen=True)
class ClickGroup:
    """One clicked article of an impression and the articles shown beside it, by catalogue rows."""

    history: list[int]
    "The articles that the reader had read before, oldest first."
    clicked: int
    shown: list[int]
    "Shown articles that were not clicked."


@dataclass(frozen=True)
class PairShape:
    """How a pair of history and candidate is cut, in training as in ranking."""

    headlines: int
    "The most headlines of the history that a pair has."
    history: int
    "The newest articles of the history, among which the headlines nearest to the candidate are chosen."
    max_tokens: int
    "The most tokens of a pair, special tokens included."


class PairMaker:
    """Makes a batch of tokenised pairs from groups, the clicked article first in each group."""

    def __init__(self, catalogue: Catalogue, tokenizer: Any, shape: PairShape, recipe: RerankerConfig) -> None:  # noqa: ANN401
        """Take from the recipe how many articles are shown beside a click, and how often a history is cut."""
        self._catalogue, self.tokenizer, self.shape, self._recipe = catalogue, tokenizer, shape, recipe

    def pairs(self, history: Sequence[int], candidates: Sequence[int]) -> list[Pair]:
        """Return the pairs of a history (oldest first) and candidates, by catalogue rows."""
        nearest = nearest_history(self._catalogue, history[-self.shape.history :], candidates, self.shape.headlines)
        return make_pairs(self._catalogue, nearest, candidates)

    def __call__(self, groups: Sequence[ClickGroup]) -> dict[str, Any]:
        """Return the padded inputs of all pairs, and `groups`: how many pairs each group has.

        The articles shown beside a click, and the place where a history is cut, are drawn with the module `random`,
        whose state a checkpoint holds.
        """
        pairs: list[Pair] = []
        lengths = []
        for group in groups:
            shown = random.sample(group.shown, min(self._recipe.negatives, len(group.shown)))
            of_group = self.pairs(self._cut(group.history), [group.clicked, *shown])
            pairs += of_group
            lengths.append(len(of_group))
        rows = encode_pairs(self.tokenizer, pairs, self.shape.max_tokens)
        return {**pad(rows, int(self.tokenizer.pad_token_id or 0)), "groups": torch.tensor(lengths)}

    def _cut(self, history: list[int]) -> list[int]:
        if len(history) < 2 or random.random() >= self._recipe.history_cut:
            return history
        return history[: random.randint(1, len(history))]
