"""NRMS (Wu et al. 2019, "Neural News Recommendation with Multi-Head Self-Attention") over stored article vectors.

Self-attention over the reader's articles, then additive attention; the score is an inner product. The news encoder of
the paper gives way to a linear layer over the stored vector, the same vector that all other rankers of the run read.
"""

from collections.abc import Mapping

import torch
from torch import nn

HEADS, WIDTH, QUERY, DROPOUT = 16, 256, 200, 0.2
"""The sizes of the paper: 16 heads of 16 numbers, and attention queries of 200."""


class Nrms(nn.Module):
    """Scores of candidates for readers, from what the readers read."""

    def __init__(self, sizes: Mapping[str, int]) -> None:
        """`sizes` has `dim`, the length of a stored vector."""
        super().__init__()
        self.news = nn.Linear(sizes["dim"], WIDTH)
        self.between = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
        self.attention = nn.Sequential(nn.Linear(WIDTH, QUERY), nn.Tanh(), nn.Linear(QUERY, 1, bias=False))
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return scores (readers, candidates).

        `history` (readers, length, dim) and `candidates` (readers, candidates, dim) are vectors, and `mask` (readers,
        length) is true where the history holds an article; each reader has one or more.
        """
        mask = batch["mask"]
        read = self.dropout(self.news(batch["history"]))
        read, _ = self.between(read, read, read, key_padding_mask=~mask, need_weights=False)
        read = self.dropout(read)
        weights = self.attention(read).squeeze(-1).masked_fill(~mask, -torch.inf).softmax(1)  # (readers, length)
        reader = torch.einsum("bl,blw->bw", weights, read)
        return torch.einsum("bw,bcw->bc", reader, self.dropout(self.news(batch["candidates"])))
