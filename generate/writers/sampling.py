"""Which token a draft takes next: the likeliest one, or one drawn at random, within what its prompt restrains.

A draft may use any token, but those that are not in its own prompt are held back by `_HELD_BACK`: a small model invents
less when it speaks in its article's words. What it repeats of itself is held back too; a repetition penalty over the
prompt, as is usual, would do the opposite and drive it away from the article.

A draw is the likeliest token after noise is added (Gumbel-max: Yellott 1977), from a generator of the row's own, so
that greedy and drawn drafts share a batch, and what is drawn for a prompt does not depend on the rows beside it.
"""

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from broadsheet.generate.writers.shortening import Shortenings

if TYPE_CHECKING:
    import torch


_HELD_BACK = 5.0
"Logits taken from tokens that the prompt does not have."
_REPEATED = 0.5
"Logits taken from tokens that the draft has."
_LEAST_TOKENS = 4
"Before them a draft cannot end, so that there is one."
_TEMPERATURE = 0.7
_LEAST_SHARE = 0.1
"Tokens less probable than this share of the likeliest are never drawn (min-p: Nguyen et al. 2024)."

Manner = int | Shortenings | None
"""How a draft is written: drawn with a seed, as a shortening of sentences, or with the likeliest tokens."""


class Restraint:
    """A logits processor for one batch: prompts (rows, tokens), and for each row how it is drafted."""

    def __init__(
        self,
        prompts: "torch.Tensor",
        manners: Sequence[Manner],
        *,
        ends: Sequence[int],
        size: int,
        start: int,
    ) -> None:
        """Take the manner of each row: the seed of its draws, the shortenings that it may be one of, or None.

        Then tokens that are never held back, the vocabulary's size, and where in what is written a draft begins.
        """
        import torch

        rows, device = len(prompts), prompts.device
        bias = torch.full((rows, size), -_HELD_BACK, dtype=torch.float32, device=device)
        self._bias = bias.scatter_(1, prompts, 0.0)
        self._bias[:, list(ends)] = 0.0
        self._start, self._ends = start, frozenset(ends)
        rows_of = list(enumerate(manners))
        self._draws = [(row, torch.Generator().manual_seed(seed)) for row, seed in rows_of if isinstance(seed, int)]
        self._shortened = [(row, manner) for row, manner in rows_of if isinstance(manner, Shortenings)]

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these rows alone, places among those that there are now."""
        new = {row: place for place, row in enumerate(rows)}
        self._bias = self._bias[list(rows)]
        self._draws = [(new[row], draw) for row, draw in self._draws if row in new]
        self._shortened = [(new[row], shortenings) for row, shortenings in self._shortened if row in new]

    def __call__(self, written: "torch.Tensor", scores: "torch.Tensor") -> "torch.Tensor":
        """Return logits (rows, vocabulary), whose largest is the token to take; they take the place of `scores`.

        A new table of them would cost more than all that is done here: memory is slow to get.
        """
        import torch

        draft = written[:, self._start :]
        shortened = [(row, *self._allowed(manner, draft[row], scores[row])) for row, manner in self._shortened]
        held = scores.add_(self._bias)
        held.scatter_(1, draft, held.gather(1, draft) - _REPEATED)
        if draft.shape[1] < _LEAST_TOKENS:
            held[:, list(self._ends)] = -torch.inf
        for row, tokens, chosen in shortened:
            held[row] = -torch.inf
            held[row, tokens] = chosen
        if not self._draws:
            return held
        places = [row for row, _ in self._draws]
        drawn = held[places] / _TEMPERATURE
        least = drawn.max(1, keepdim=True).values + torch.log(torch.tensor(_LEAST_SHARE))
        chance = torch.stack([torch.rand(held.shape[1], generator=generator) for _, generator in self._draws])
        noise = -torch.log(-torch.log(chance.clamp(1e-9, 1 - 1e-7))).to(drawn.device)
        held[places] = torch.where(drawn >= least, drawn + noise, -torch.inf)
        return held

    def _allowed(
        self, shortenings: Shortenings, draft: "torch.Tensor", scores: "torch.Tensor"
    ) -> "tuple[torch.Tensor, torch.Tensor]":
        """Return the tokens that one row may go on with, and their logits."""
        import torch

        allowed = shortenings.next_tokens(self._without_padding(draft.tolist()))
        tokens = torch.tensor(list(allowed), device=scores.device)
        return tokens, scores[tokens] - torch.tensor(list(allowed.values()), device=scores.device)

    def _without_padding(self, draft: list[int]) -> list[int]:
        """Return what a row has drafted; what follows its end counts for nothing."""
        end = next((place for place, token in enumerate(draft) if token in self._ends), len(draft))
        return draft[:end]


def seed_of(prompt: str, number: int, seed: int = 0) -> int | None:
    """Return the seed of a prompt's draft `number` where the writer's is `seed`; None for draft 0, the likeliest."""
    if number == 0:
        return None
    return int.from_bytes(hashlib.sha256(f"{number} {prompt}".encode()).digest()[:7]) + seed
