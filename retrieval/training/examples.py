"""What the towers learn from: clicks of impressions, and next clicks of histories, put together in batches.

A batch names each distinct article once, however many histories share it.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from broadsheet.tables.arrays import Rows

Tokenise = Callable[[Sequence[int]], list[dict[str, Any]]]
"""Catalogue rows to batches of like length: input_ids and attention_mask (texts, tokens), and `places`, their places
among the rows given."""


@dataclass(frozen=True)
class Example:
    """What one reader read, and one article clicked after it, all by catalogue rows."""

    history: list[int]
    "Oldest first."
    clicked: int
    shown: list[int] = field(default_factory=list)
    "Shown beside it and not clicked; empty for a next click of a history."
    others: list[int] = field(default_factory=list)
    "Other articles that the reader clicked, which are no negatives."
    mined: list[int] = field(default_factory=list)
    "Articles near the reader that were neither shown nor clicked, which compete in the batch alone."
    teacher: list[float] = field(default_factory=list)
    "Logits of `clicked` and of each of `shown` by a cross-encoder; empty without one."
    name: str = ""
    "Which impression or reader it is of, for messages."


@dataclass(frozen=True)
class Reader:
    """The whole history of one reader, whose clicks each follow from those before."""

    history: list[int]
    "Oldest first."
    name: str = ""


class BatchMaker:
    """Turns examples and readers into a batch of tensors; draws with `random`, whose state a checkpoint holds."""

    def __init__(
        self,
        *,
        history: int,
        negatives: int,
        next_clicks: int,
        history_drop: float,
        tokenise: Tokenise | None = None,
        encode_history: bool = False,
    ) -> None:
        """With `tokenise` the articles to encode come as tokens: clicked and shown ones, and histories if asked."""
        self._history, self._negatives, self._next_clicks = history, negatives, next_clicks
        self._history_drop, self._tokenise, self._encode_history = history_drop, tokenise, encode_history

    def __call__(self, items: Sequence[Example | Reader]) -> dict[str, Any]:
        """Return a batch of N clicks over A distinct articles.

        rows (A,) catalogue rows; history (N, length) and its mask, newest first, clicked (N,), and negatives (N, M)
        with two masks, shown and negatives, as places among the rows; known (N, any) catalogue rows that are no
        negatives, -1 where there are fewer; teacher (N, 1 + M), NaN without one; names; tokens if there is a tokeniser.
        """
        examples = [example for item in items for example in self._expand(item)]
        histories = [self._cut(example.history) for example in examples]
        drawn = [self._draw(example) for example in examples]
        shown = [[example.shown[place] for place in places] for example, places in zip(examples, drawn, strict=True)]
        clicked = [example.clicked for example in examples]
        against = [[*part, *example.mined] for part, example in zip(shown, examples, strict=True)]
        scored = np.unique(np.concatenate([np.array(part, np.int64) for part in (clicked, *against)]))
        read = np.concatenate([np.array(part, np.int64) for part in histories])
        rows = np.union1d(scored, read)
        history, history_mask = _padded([np.searchsorted(rows, part) for part in histories])
        negatives, negatives_mask = _padded([np.searchsorted(rows, part) for part in against])
        shown_mask = torch.arange(negatives.shape[1]) < torch.tensor([len(part) for part in shown])[:, None]
        known = [[*example.history, *example.others, example.clicked] for example in examples]
        batch = {
            "rows": torch.from_numpy(rows),
            "history": history,
            "history_mask": history_mask,
            "clicked": torch.from_numpy(np.searchsorted(rows, clicked)),
            "negatives": negatives,
            "negatives_mask": negatives_mask,
            "shown_mask": shown_mask,
            "known": _padded([np.array(part, np.int64) for part in known], fill=-1)[0],
            "teacher": _teacher(examples, drawn, negatives.shape[1]),
            "names": [example.name for example in examples],
        }
        if self._tokenise is None:
            return batch
        wanted = rows if self._encode_history else scored
        encoded = torch.from_numpy(np.searchsorted(rows, wanted))
        return {**batch, "encoded": encoded, "tokens": self._tokenise(wanted.tolist())}

    def _expand(self, item: Example | Reader) -> list[Example]:
        """Take some of a reader's clicks, so that these share the encoding of one history."""
        if isinstance(item, Example):
            return [item]
        places = range(1, len(item.history))
        drawn = sorted(random.sample(places, min(self._next_clicks, len(places))))
        return [
            Example(item.history[:place], item.history[place], others=item.history, name=item.name) for place in drawn
        ]

    def _cut(self, history: list[int]) -> list[int]:
        """Return the newest articles first; from some readers part of them is taken, so that short ones are learned."""
        newest = history[-self._history :][::-1]
        if random.random() >= self._history_drop:
            return newest
        kept = [row for row in newest if random.random() < 0.5]
        return kept or newest[:1]

    def _draw(self, example: Example) -> list[int]:
        return random.sample(range(len(example.shown)), min(self._negatives, len(example.shown)))


def _padded(parts: Sequence[Rows], fill: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Return rows of unequal length as one tensor (rows, longest, at least 1), and a mask of what is real."""
    length = max([1, *map(len, parts)])
    values = torch.full((len(parts), length), fill, dtype=torch.long)
    mask = torch.zeros((len(parts), length), dtype=torch.bool)
    for number, part in enumerate(parts):
        values[number, : len(part)] = torch.from_numpy(np.asarray(part, np.int64))
        mask[number, : len(part)] = True
    return values, mask


def _teacher(examples: Sequence[Example], drawn: Sequence[list[int]], negatives: int) -> torch.Tensor:
    logits = torch.full((len(examples), 1 + negatives), torch.nan)
    for number, (example, places) in enumerate(zip(examples, drawn, strict=True)):
        if example.teacher:
            taken = [example.teacher[0], *(example.teacher[1 + place] for place in places)]
            logits[number, : len(taken)] = torch.tensor(taken)
    return logits
