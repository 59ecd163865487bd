"""The user tower: from the vectors of a reader's clicks, and of what they say of themselves, to interest vectors.

A small BERT reads the sequence, newest first, so that a position is a recency; attention pools it, once for each
interest; and a gate adds the result to the plain mean. The gate is zero until training opens it, so an untrained tower
is exactly the mean of the history.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from transformers import BertConfig, BertModel

from broadsheet.retrieval.news_tower import Vectors

BATCH = 256


class UserTower(nn.Module):
    """Maps sequences of unit item vectors to unit user vectors (attention as in NRMS, Wu et al. 2019, section 3.1).

    With several interests each has an attention of its own (as in poly-encoders, Humeau et al. 2020, section 4.3).
    """

    def __init__(self, dim: int, *, history: int, interests: int = 1, layers: int = 2) -> None:
        super().__init__()
        heads = next(count for count in (6, 4, 2, 1) if dim % count == 0)
        self.history, self.interests = history, interests
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
        self.attention = nn.Sequential(nn.Linear(dim, dim), nn.Tanh(), nn.Linear(dim, interests))
        self.gate = nn.Parameter(torch.zeros(()))

    def forward(self, items: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return unit vectors (users, interests, dim) from items (users, length, dim), newest first, and their mask.

        `mask` is (users, length). A user without items gets zeros.
        """
        weights = mask.float()
        mean = (items * weights[..., None]).sum(1) / weights.sum(1, keepdim=True).clamp(min=1)  # (users, dim)
        mean = mean[:, None].expand(-1, self.interests, -1)
        if self.training or bool(self.gate != 0):
            mean = mean + self.gate * self._read(items, mask) * (weights.sum(1)[:, None, None] > 0)
        return nn.functional.normalize(mean, dim=-1)

    def _read(self, items: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        some = mask.clone()
        some[:, 0] = 1  # attention over nothing would be NaN; the caller discards these rows
        states = self.bert(inputs_embeds=items, attention_mask=some).last_hidden_state  # (users, length, dim)
        scores = self.attention(states).masked_fill(some[..., None] == 0, -torch.inf)  # (users, length, interests)
        pooled = torch.einsum("uli,uld->uid", scores.softmax(1), states)
        return pooled / pooled.shape[-1] ** 0.5  # layer normalisation leaves it that long; the gate is then its share

    @torch.inference_mode()
    def encode(self, sequences: Sequence[Vectors]) -> Vectors:
        """Return unit vectors (users, interests, dim) from each user's item vectors (items, dim), oldest first.

        The newest `history` + 1 items are read: one more than of clicks, for what the reader says.
        """
        dim = self.bert.config.hidden_size
        result = np.zeros((len(sequences), self.interests, dim), np.float32)
        for start in range(0, len(sequences), BATCH):
            batch = [sequence[-self.history - 1 :][::-1].copy() for sequence in sequences[start : start + BATCH]]
            items = torch.zeros(len(batch), max(1, *map(len, batch)) if batch else 1, dim)
            mask = torch.zeros(items.shape[:2], dtype=torch.long)
            for row, sequence in enumerate(batch):
                items[row, : len(sequence)] = torch.from_numpy(sequence)
                mask[row, : len(sequence)] = 1
            result[start : start + len(batch)] = self(items, mask).numpy()
        return result


def new_user_tower(dim: int, *, history: int, interests: int = 1) -> UserTower:
    """Return the untrained user tower, in evaluation mode: exactly the mean of the history."""
    return UserTower(dim, history=history, interests=interests).eval()
