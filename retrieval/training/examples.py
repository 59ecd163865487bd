"""What the towers learn from, in batches: clicks of impressions, and clicks within a reader's history.

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
"""Catalogue rows to batches of texts of like length: input_ids and attention_mask (texts, tokens), and `places`
(texts,), which say where a text's row stands among the rows given."""


@dataclass(frozen=True)
class ClickExample:
    """What one reader had read, and the article clicked next, all by catalogue rows."""

    history: list[int]
    "Oldest first."
    clicked: int
    shown: list[int] = field(default_factory=list)
    "Articles shown beside `clicked` and not clicked; empty for a click within a history."
    others: list[int] = field(default_factory=list)
    "Other articles that the reader clicked, which are never negatives."
    mined: list[int] = field(default_factory=list)
    "Hard negatives: articles near the reader that were neither shown nor clicked. Only the in-batch loss has them."
    teacher: list[float] = field(default_factory=list)
    "A cross-encoder's logits of `clicked` and then of each of `shown`; empty without a cross-encoder."
    name: str = ""
    "The impression or the reader of the click, for messages."


@dataclass(frozen=True)
class History:
    """The whole history of one reader: each click is learned from the clicks before it."""

    history: list[int]
    "Oldest first."
    name: str = ""


class BatchMaker:
    """Makes a batch of tensors from examples and histories; draws with `random`, whose state a checkpoint holds."""

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
        """Take the settings of TowersConfig, and how articles become tokens if the news tower learns too.

        Tokens are made of clicked, shown and mined articles, and with `encode_history` of the histories.
        """
        self._history, self._negatives, self._next_clicks = history, negatives, next_clicks
        self._history_drop, self._tokenise, self._encode_history = history_drop, tokenise, encode_history

    def __call__(self, items: Sequence[ClickExample | History]) -> dict[str, Any]:
        """Return a batch of N clicks over A distinct articles.

        rows (A,): catalogue rows of the articles, in ascending order. The other columns but own_rows are places in it.
        history (N, length), newest first, and history_mask. clicked (N,).
        negatives (N, M): articles shown and not clicked, then mined ones. negatives_mask says which places hold an
        article, shown_mask which of them was shown.
        own_rows (N, any): catalogue rows of what the reader clicked, which are no negatives, filled up with -1.
        teacher (N, 1 + M): logits of clicked and negatives, NaN without a teacher.
        names: what each click is of, for messages. With a tokeniser, `tokens` of the articles at the places `encoded`.
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
        own = [[*example.history, *example.others, example.clicked] for example in examples]
        batch = {
            "rows": torch.from_numpy(rows),
            "history": history,
            "history_mask": history_mask,
            "clicked": torch.from_numpy(np.searchsorted(rows, clicked)),
            "negatives": negatives,
            "negatives_mask": negatives_mask,
            "shown_mask": shown_mask,
            "own_rows": _padded([np.array(part, np.int64) for part in own], fill=-1)[0],
            "teacher": _teacher(examples, drawn, negatives.shape[1]),
            "names": [example.name for example in examples],
        }
        if self._tokenise is None:
            return batch
        wanted = rows if self._encode_history else scored
        encoded = torch.from_numpy(np.searchsorted(rows, wanted))
        return {**batch, "encoded": encoded, "tokens": self._tokenise(wanted.tolist())}

    def _expand(self, item: ClickExample | History) -> list[ClickExample]:
        """Return an example alone, or some clicks of a history, which then share the encoding of its articles."""
        if isinstance(item, ClickExample):
            return [item]
        places = range(1, len(item.history))
        drawn = sorted(random.sample(places, min(self._next_clicks, len(places))))
        return [
            ClickExample(item.history[:place], item.history[place], others=item.history, name=item.name)
            for place in drawn
        ]

    def _cut(self, history: list[int]) -> list[int]:
        """Return the newest articles first; for some readers about half, so that short histories are learned too."""
        newest = history[-self._history :][::-1]
        if random.random() >= self._history_drop:
            return newest
        kept = [row for row in newest if random.random() < 0.5]
        return kept or newest[:1]

    def _draw(self, example: ClickExample) -> list[int]:
        return random.sample(range(len(example.shown)), min(self._negatives, len(example.shown)))


def _padded(parts: Sequence[Rows], fill: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Return rows of unequal length as one tensor (rows, longest row, 1 at least), and the mask of what is not fill."""
    length = max([1, *map(len, parts)])
    values = torch.full((len(parts), length), fill, dtype=torch.long)
    mask = torch.zeros((len(parts), length), dtype=torch.bool)
    for number, part in enumerate(parts):
        values[number, : len(part)] = torch.from_numpy(np.asarray(part, np.int64))
        mask[number, : len(part)] = True
    return values, mask


def _teacher(examples: Sequence[ClickExample], drawn: Sequence[list[int]], negatives: int) -> torch.Tensor:
    logits = torch.full((len(examples), 1 + negatives), torch.nan)
    for number, (example, places) in enumerate(zip(examples, drawn, strict=True)):
        if example.teacher:
            taken = [example.teacher[0], *(example.teacher[1 + place] for place in places)]
            logits[number, : len(taken)] = torch.tensor(taken)
    return logits
