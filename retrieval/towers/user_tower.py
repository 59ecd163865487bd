"""The user tower: from the vectors of what a reader clicked, and of the reader's own words, to interest vectors.

A small BERT reads the sequence, newest first, so that a position says how recent an article is. From its states come a
weight of each article for each interest, and a correction that is added to the weighted mean of the articles. At first
all weights are equal and the correction is zero: an untrained tower is exactly the mean of the history, and training
moves it from there. (Several interests begin with different weights, since equal ones would stay equal.)
"""

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from torch import nn
from transformers import BertConfig, BertModel

from broadsheet.tables.arrays import Floats, Vectors

BATCH = 256
ROWS, COLUMNS = 16, 8
"""Fewest rows and columns of a matrix product that gives a row the same numbers whatever rows stand beside it."""
WIDTH = 128
"""Hidden size of the BERT, or the size of item vectors if that is less: few clicks train it, and a CPU runs it."""


class UserTower(nn.Module):
    """Maps sequences of unit item vectors to unit user vectors (attention as in NRMS, Wu et al. 2019, section 3.1).

    With several interests each has an attention of its own (as in poly-encoders, Humeau et al. 2020, section 4.3).
    """

    def __init__(self, dim: int, *, history: int, interests: int = 1, layers: int = 1) -> None:
        super().__init__()
        width = min(dim, WIDTH)
        self.history, self.interests, self.dim = history, interests, dim
        self.narrow = nn.Linear(dim, width)
        self.bert = BertModel(
            BertConfig(
                vocab_size=1,
                hidden_size=width,
                num_hidden_layers=layers,
                num_attention_heads=next(count for count in (4, 2, 1) if width % count == 0),
                intermediate_size=2 * width,
                max_position_embeddings=history + 1,  # one more for the reader's own words
            ),
            add_pooling_layer=False,
        )
        self.attention = nn.Sequential(nn.Linear(width, width), nn.Tanh(), nn.Linear(width, interests))
        self.correction = nn.Linear(width, dim)
        # Several interests with equal weights would have equal gradients, and stay equal.
        equal = [] if interests > 1 else [cast(nn.Linear, self.attention[2])]
        for layer in (self.correction, *equal):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, items: torch.Tensor, mask: torch.Tensor, worth: torch.Tensor | None = None) -> torch.Tensor:
        """Return unit vectors (users, interests, dim) from items (users, length, dim), newest first, and their mask.

        `mask` is (users, length). A user without items gets zeros. `worth` (users, length), above 0, multiplies the
        weights of the items; None weighs all the same.
        """
        some = mask.clone()
        some[:, 0] = 1  # attention over nothing would be NaN; such a user gets zeros in the end
        states = self.bert(inputs_embeds=self.narrow(items), attention_mask=some).last_hidden_state
        scores = (
            _in_full(cast(nn.Linear, self.attention[2]), self.attention[:2](states))
            .float()
            .masked_fill(some[..., None] == 0, -torch.inf)
        )
        if worth is not None:
            scores = scores + worth.log()[..., None]
        weights = scores.softmax(1)  # (users, length, interests)
        pooled = torch.einsum("uli,ulw->uiw", weights, states.float())
        pooled = pooled / pooled.shape[-1] ** 0.5  # layer normalisation leaves it that long
        users = torch.einsum("uli,uld->uid", weights, items) + _in_full(self.correction, pooled)
        return nn.functional.normalize(users, dim=-1) * mask.any(1)[:, None, None]

    @torch.inference_mode()
    def encode(self, sequences: Sequence[Vectors], weights: Sequence[Floats] | None = None) -> Vectors:
        """Return unit vectors (users, interests, dim) from each user's item vectors (items, dim), oldest first.

        The newest `history` + 1 items are read: `history` clicks, and one item for the reader's own words. A user's
        vectors do not depend on the other users: so every sequence is filled up to the same length. `weights` has how
        much each item counts (items,), at least 0: an item of weight 0 is left out. None weighs all the same.
        """
        if weights is not None:
            sequences = [items[worth > 0] for items, worth in zip(sequences, weights, strict=True)]
            weights = [worth[worth > 0] for worth in weights]
        result = np.zeros((len(sequences), self.interests, self.dim), np.float32)
        device = self.correction.weight.device
        for start in range(0, len(sequences), BATCH):
            batch = [sequence[-self.history - 1 :][::-1].copy() for sequence in sequences[start : start + BATCH]]
            # Named, since a model that another thread loads meanwhile changes the default dtype for all.
            items = torch.zeros(len(batch), self.history + 1, self.dim, dtype=torch.float32)
            mask = torch.zeros(items.shape[:2], dtype=torch.long)
            for row, sequence in enumerate(batch):
                items[row, : len(sequence)] = torch.from_numpy(sequence)
                mask[row, : len(sequence)] = 1
            worth = None if weights is None else torch.ones(mask.shape, dtype=torch.float32)
            if worth is not None and weights is not None:
                for row, one in enumerate(weights[start : start + BATCH]):
                    newest = one[-self.history - 1 :][::-1].copy()
                    worth[row, : len(newest)] = torch.from_numpy(newest)
            given = None if worth is None else worth.to(device)
            result[start : start + len(batch)] = self(items.to(device), mask.to(device), given).cpu().numpy()
        return result


def _in_full(layer: nn.Linear, values: torch.Tensor) -> torch.Tensor:
    """Return what a layer makes of values (..., dim), by a product that has ROWS rows and COLUMNS columns at least.

    The routines for smaller products, such as of a matrix and a vector, add numbers in another order.
    """
    rows = values.flatten(0, -2)
    filled = nn.functional.pad(rows, (0, 0, 0, max(0, ROWS - len(rows))))
    missing = max(0, COLUMNS - layer.out_features)
    weight, bias = nn.functional.pad(layer.weight, (0, 0, 0, missing)), nn.functional.pad(layer.bias, (0, missing))
    made = nn.functional.linear(filled, weight, bias)[: len(rows), : layer.out_features]
    return made.reshape(*values.shape[:-1], layer.out_features)


def new_user_tower(dim: int, *, history: int, interests: int = 1) -> UserTower:
    """Return the untrained user tower, in evaluation mode: exactly the mean of the history."""
    return UserTower(dim, history=history, interests=interests).eval()
