"""The user tower: from the vectors of a reader's clicks, and of what they say of themselves, to one unit vector.

A small BERT reads the sequence, newest first, so that a position is a recency; attention pools it; and a gate adds the
result to the plain mean. The gate is zero until training opens it, so an untrained tower is exactly the mean of the
history.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from transformers import BertConfig, BertModel

from broadsheet.retrieval.news_tower import Vectors

BATCH = 256


class UserTower(nn.Module):
    """Maps sequences of unit item vectors to unit user vectors (attention as in NRMS, Wu et al. 2019, section 3.1)."""

    def __init__(self, dim: int, *, history: int, layers: int = 2) -> None:
        super().__init__()
        heads = next(count for count in (6, 4, 2, 1) if dim % count == 0)
        self.history = history
        self.bert = BertModel(
            BertConfig(
                vocab_size=1,
                hidden_size=dim,
                num_hidden_layers=layers,
                num_attention_heads=heads,
                intermediate_size=2 * dim,
                max_position_embeddings=history + 1,  # one more for the profile
            ),
            add_pooling_layer=False,
        )
        self.attention = nn.Sequential(nn.Linear(dim, dim), nn.Tanh(), nn.Linear(dim, 1))
        self.gate = nn.Parameter(torch.zeros(()))

    def forward(self, items: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return unit vectors (users, dim) from items (users, length, dim), newest first, and mask (users, length).

        A user without items gets zeros.
        """
        weights = mask.float()
        mean = (items * weights[..., None]).sum(1) / weights.sum(1, keepdim=True).clamp(min=1)  # (users, dim)
        if self.training or bool(self.gate != 0):
            mean = mean + self.gate * self._read(items, mask) * (weights.sum(1, keepdim=True) > 0)
        return nn.functional.normalize(mean, dim=-1)

    def _read(self, items: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        some = mask.clone()
        some[:, 0] = 1  # attention over nothing would be NaN; the caller discards these rows
        states = self.bert(inputs_embeds=items, attention_mask=some).last_hidden_state  # (users, length, dim)
        scores = self.attention(states).squeeze(-1).masked_fill(some == 0, -torch.inf)
        pooled: torch.Tensor = (states * scores.softmax(1)[..., None]).sum(1)  # (users, dim)
        return pooled

    @torch.inference_mode()
    def encode(self, sequences: Sequence[Vectors]) -> Vectors:
        """Return unit vectors (users, dim) from each user's item vectors (items, dim), oldest first.

        The newest `history` + 1 items are read: one more than of clicks, for what the reader says.
        """
        dim = self.bert.config.hidden_size
        result = np.zeros((len(sequences), dim), np.float32)
        for start in range(0, len(sequences), BATCH):
            batch = [sequence[-self.history - 1 :][::-1].copy() for sequence in sequences[start : start + BATCH]]
            items = torch.zeros(len(batch), max(1, *map(len, batch)) if batch else 1, dim)
            mask = torch.zeros(items.shape[:2], dtype=torch.long)
            for row, sequence in enumerate(batch):
                items[row, : len(sequence)] = torch.from_numpy(sequence)
                mask[row, : len(sequence)] = 1
            result[start : start + len(batch)] = self(items, mask).numpy()
        return result


def new_user_tower(dim: int, *, history: int) -> UserTower:
    """Return the untrained user tower, in evaluation mode: exactly the mean of the history."""
    return UserTower(dim, history=history).eval()
