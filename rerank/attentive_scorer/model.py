"""The network of the attentive scorer: target attention of each candidate over the reader's history.

It reads stored article vectors, so that no text is read at the request. At the start its logit is the mean likeness of
the candidate to the history, in which near articles count more. Training adds what the candidate's own text and counts
say, and what in the history matters. A candidate is scored apart from the others.
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.nn.functional import gelu

HEADS, WIDTH, HIDDEN, HISTORY = 4, 32, 32, 50
"""Attention heads, their width together, the width of the layers above, and the articles of a history."""
OUTCOMES = ("long_read", "hide")
"""What may be foretold beside the click: that an article is read for long if it is clicked, and that it is hidden."""
READ_HIDDEN = 8
"""Width of the layer that weighs what is known of a read."""
SHARPEST = 6.0
"""How sharply the last head attends at the start: 0 is the mean of the history, as the first head takes it."""
START = 8.0
"""The weight of likeness at the start."""


class Inputs(NamedTuple):
    """What the network reads of some readers (B), their histories (L articles, newest first) and candidates (C)."""

    history: torch.Tensor
    "Unit vectors (B, L, dim)."
    read: torch.Tensor
    "Whether a place of the history holds an article (B, L)."
    reads: torch.Tensor
    "What is known of each read of the history, NaN where it is not known (B, L, reads); see read_columns."
    same: torch.Tensor
    "1 where the candidate has the category of the history's article, else 0 (B, C, L)."
    candidates: torch.Tensor
    "Unit vectors (B, C, dim)."
    counts: torch.Tensor
    "What is known of each candidate as of the request, NaN where it is not known (B, C, counts); see COUNTS."


class AttentiveScorer(nn.Module):
    """Target attention (Deep Interest Network, Zhou et al. 2018, section 4.3) with several heads, on frozen vectors."""

    mean: torch.Tensor
    scale: torch.Tensor
    centre: torch.Tensor

    def __init__(self, dim: int, counts: int, dropout: float = 0.1, *, reads: int = 0, more: int = 0) -> None:
        """Take the numbers of inputs; with `reads` 0 nothing is read of how long ago and how long articles were read.

        A read of which nothing is known adds exactly nothing to the attention. `more` is the number of outcomes beside
        the click that are foretold, see OUTCOMES.
        """
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(dim, WIDTH) for _ in range(3))
        self.likeness = nn.Parameter(torch.linspace(0.0, SHARPEST, HEADS))
        self.product = nn.Parameter(torch.full((HEADS,), 0.1))
        self.category = nn.Parameter(torch.zeros(HEADS))
        self.place = nn.Parameter(torch.zeros(HEADS, HISTORY))
        self.weight = nn.Parameter(torch.full((HEADS,), START / HEADS))
        self.appeal = nn.Linear(dim, 1, bias=False)
        self.layers = nn.Sequential(
            nn.Linear(2 * HEADS + WIDTH + 1 + 2 * counts, HIDDEN),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(HIDDEN, HIDDEN),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(HIDDEN, 1),
        )
        self.dropout = nn.Dropout(dropout)
        for layer in (self.appeal, self.layers[-1]):
            for parameter in layer.parameters():
                nn.init.zeros_(parameter)
        self.reads = ReadTerms(reads) if reads else None
        self.more = nn.Linear(HIDDEN + dim, more) if more else None
        if self.more is not None:
            nn.init.zeros_(self.more.weight)
            nn.init.zeros_(self.more.bias)
        self.register_buffer("mean", torch.zeros(counts))
        self.register_buffer("scale", torch.ones(counts))
        self.register_buffer("centre", torch.zeros(dim))

    def forward(self, inputs: Inputs) -> torch.Tensor:
        """Return logits of a click (B, C)."""
        return self.all_logits(inputs)[0]

    def all_logits(self, inputs: Inputs) -> tuple[torch.Tensor, torch.Tensor]:
        """Return logits of a click (B, C), and those of the other outcomes that were learned, (B, C, outcomes)."""
        read = inputs.read.any(1)[:, None, None].float()  # (B, 1, 1), 0 for a reader without a history
        likeness = inputs.candidates @ inputs.history.transpose(1, 2)  # (B, C, L)
        attention = self._attention(inputs, likeness)  # (B, heads, C, L)
        near = torch.einsum("bhcl,bcl->bch", attention, likeness) * read
        same = torch.einsum("bhcl,bcl->bch", attention, inputs.same) * read
        values = self._heads(self.value(inputs.history))  # (B, L, heads, width / heads)
        attended = torch.einsum("bhcl,blhw->bchw", attention, values).flatten(2) * read  # (B, C, width)
        known = torch.isfinite(inputs.counts)
        counts = torch.where(known, (inputs.counts - self.mean) / self.scale, 0.0)
        parts = [near, same, attended * self.value(inputs.candidates), read.expand(-1, near.shape[1], 1)]
        hidden = self.layers[:-1](torch.cat([*parts, counts, known.float()], -1))
        text = inputs.candidates - self.centre
        logits: torch.Tensor = (near * self.weight).sum(-1) + self.appeal(text).squeeze(-1)
        logits = logits + self.layers[-1](hidden).squeeze(-1)
        if self.more is None:
            return logits, logits.new_zeros((*logits.shape, 0))
        return logits, self.more(torch.cat([hidden, text], -1))

    def _attention(self, inputs: Inputs, likeness: torch.Tensor) -> torch.Tensor:
        queries = self._heads(self.dropout(self.query(inputs.candidates)))
        keys = self._heads(self.dropout(self.key(inputs.history)))
        logits = torch.einsum("bchw,blhw->bhcl", queries, keys) * self.product[:, None, None]
        logits = logits + self.likeness[:, None, None] * likeness[:, None]
        logits = logits + self.category[:, None, None] * inputs.same[:, None]
        logits = logits + self.place[:, None, : likeness.shape[2]]
        if self.reads is not None:
            logits = logits + self.reads(inputs.reads).transpose(1, 2)[:, :, None]
        some = inputs.read.clone()
        some[:, 0] = True  # attention over nothing would be NaN; `read` makes it 0
        return logits.masked_fill(~some[:, None, None], -torch.inf).softmax(-1)

    def _heads(self, vectors: torch.Tensor) -> torch.Tensor:
        heads: torch.Tensor = vectors.view(*vectors.shape[:-1], HEADS, WIDTH // HEADS)
        return heads


class ReadTerms(nn.Module):
    """What is known of a read, as a number for each attention head; exactly 0 where nothing is known."""

    mean: torch.Tensor
    scale: torch.Tensor

    def __init__(self, reads: int) -> None:
        super().__init__()
        self.first = nn.Linear(2 * reads, READ_HIDDEN, bias=False)
        self.last = nn.Linear(READ_HIDDEN, HEADS, bias=False)
        nn.init.zeros_(self.last.weight)
        self.register_buffer("mean", torch.zeros(reads))
        self.register_buffer("scale", torch.ones(reads))

    def forward(self, reads: torch.Tensor) -> torch.Tensor:
        """Return the terms (B, L, heads) of reads (B, L, reads)."""
        known = torch.isfinite(reads)
        values = torch.where(known, (reads - self.mean) / self.scale, 0.0)
        terms: torch.Tensor = self.last(gelu(self.first(torch.cat([values, known.float()], -1))))
        return terms
