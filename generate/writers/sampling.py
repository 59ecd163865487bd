"""Which token a draft takes next: the most likely token, or a random one, restrained by the words of the prompt.

A draft may use any token, but tokens that its own prompt lacks lose `_HELD_BACK` of their logit: a small model invents
less when it speaks in the article's words. Tokens that the draft has already lose `_REPEATED`. (The usual repetition
penalty counts the prompt too, which would drive the draft away from the article.)

A random token is the most likely one after noise is added (Gumbel-max: Yellott 1977). Each row has a generator of its
own, so that greedy and random drafts share a batch, and a draft does not depend on the rows beside it.
"""

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from broadsheet.generate.writers.shortening import Shortenings

if TYPE_CHECKING:
    import torch


_HELD_BACK = 5.0
"What a token that the prompt lacks loses of its logit."
_REPEATED = 0.5
"What a token that the draft has already loses of its logit."
_LEAST_TOKENS = 4
"Fewest tokens of a draft; end tokens are forbidden before, so that no draft is empty."
_TEMPERATURE = 0.7
_LEAST_SHARE = 0.1
"Tokens less probable than this share of the most probable token are never drawn (min-p: Nguyen et al. 2024)."

Manner = int | Shortenings | None
"""How a draft is written: random tokens with this seed, a shortening of sentences, or (None) the most likely tokens."""


class Restraint:
    """A logits processor for one batch: prompts (rows, tokens), and for each row the manner of its draft."""

    def __init__(
        self,
        prompts: "torch.Tensor",
        manners: Sequence[Manner],
        *,
        ends: Sequence[int],
        size: int,
        start: int,
    ) -> None:
        """Take the prompts and the manner of each row; end tokens are never held back.

        `size` is that of the vocabulary, and `start` the place in the written tokens at which drafts begin.
        """
        import torch

        rows, device = len(prompts), prompts.device
        bias = torch.full((rows, size), -_HELD_BACK, dtype=torch.float32, device=device)
        self._bias = bias.scatter_(1, prompts, 0.0)  # (rows, vocabulary): 0 for tokens of the row's prompt
        self._bias[:, list(ends)] = 0.0
        self._start, self._ends = start, frozenset(ends)
        rows_of = list(enumerate(manners))
        self._draws = [(row, torch.Generator().manual_seed(seed)) for row, seed in rows_of if isinstance(seed, int)]
        self._shortened = [(row, manner) for row, manner in rows_of if isinstance(manner, Shortenings)]

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these rows only, which are given by their places among the rows of now."""
        new = {row: place for place, row in enumerate(rows)}
        self._bias = self._bias[list(rows)]
        self._draws = [(new[row], draw) for row, draw in self._draws if row in new]
        self._shortened = [(new[row], shortenings) for row, shortenings in self._shortened if row in new]

    def __call__(self, written: "torch.Tensor", scores: "torch.Tensor") -> "torch.Tensor":
        """Return logits (rows, vocabulary), whose largest is the token to take; `scores` is changed in place.

        A new table of logits would take longer than everything else here: new memory is slow.
        """
        import torch

        draft = written[:, self._start :]  # (rows, tokens drafted so far)
        shortened = [(row, *self._allowed(manner, draft[row], scores[row])) for row, manner in self._shortened]
        held = scores.add_(self._bias)
        held.scatter_(1, draft, held.gather(1, draft) - _REPEATED)
        if draft.shape[1] < _LEAST_TOKENS:
            held[:, list(self._ends)] = -torch.inf
        for row, tokens, chosen in shortened:  # all other tokens are forbidden
            held[row] = -torch.inf
            held[row, tokens] = chosen
        if not self._draws:
            return held
        places = [row for row, _ in self._draws]
        drawn = held[places] / _TEMPERATURE
        least = drawn.max(1, keepdim=True).values + torch.log(torch.tensor(_LEAST_SHARE))
        chance = torch.stack([torch.rand(held.shape[1], generator=generator) for _, generator in self._draws])
        # Gumbel noise: the largest of logits + noise is a draw from the softmax of the logits.
        noise = -torch.log(-torch.log(chance.clamp(1e-9, 1 - 1e-7))).to(drawn.device)
        held[places] = torch.where(drawn >= least, drawn + noise, -torch.inf)
        return held

    def _allowed(
        self, shortenings: Shortenings, draft: "torch.Tensor", scores: "torch.Tensor"
    ) -> "tuple[torch.Tensor, torch.Tensor]":
        """Return the tokens that may come next in a row, and their logits, both (tokens,)."""
        import torch

        allowed = shortenings.next_tokens(self._without_padding(draft.tolist()))
        tokens = torch.tensor(list(allowed), device=scores.device)
        return tokens, scores[tokens] - torch.tensor(list(allowed.values()), device=scores.device)

    def _without_padding(self, draft: list[int]) -> list[int]:
        """Return a row's draft without the padding after its end."""
        end = next((place for place, token in enumerate(draft) if token in self._ends), len(draft))
        return draft[:end]


def seed_of(prompt: str, number: int, seed: int = 0) -> int | None:
    """Return the seed of a prompt's draft `number` if the writer's is `seed`; None for draft 0, the most likely one."""
    if number == 0:
        return None
    return int.from_bytes(hashlib.sha256(f"{number} {prompt}".encode()).digest()[:7]) + seed
