"""NAML (Wu et al. 2019, "Neural News Recommendation with Attentive Multi-View Learning") over stored article vectors.

An article has three views: its stored vector, its category and its subcategory, each through its own layer. Additive
attention joins the views to an article, and the articles that were read to a reader; the score is an inner product.
"""

from collections.abc import Mapping

import torch
from torch import nn

WIDTH, EMBEDDING, QUERY, DROPOUT = 256, 100, 200, 0.2
"""The sizes of the paper, but for the width, which is that of NRMS."""


class Naml(nn.Module):
    """Scores of candidates for readers, from what the readers read."""

    def __init__(self, sizes: Mapping[str, int]) -> None:
        """`sizes` has `dim`, and the numbers of `categories` and of `subcategories`."""
        super().__init__()
        self.text = nn.Linear(sizes["dim"], WIDTH)
        self.category, self.subcategory = (
            nn.Sequential(nn.Embedding(sizes[name], EMBEDDING), nn.Linear(EMBEDDING, WIDTH), nn.ReLU())
            for name in ("categories", "subcategories")
        )
        self.views, self.readers = (
            nn.Sequential(nn.Linear(WIDTH, QUERY), nn.Tanh(), nn.Linear(QUERY, 1, bias=False)) for _ in range(2)
        )
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return scores (readers, candidates).

        Of `history` (readers, length, dim) and `candidates` (readers, candidates, dim) the batch has the vectors, and
        under the same name with `_category` and `_subcategory` the numbers. `mask` (readers, length) is true where the
        history holds an article; each reader has one or more.
        """
        mask, read = batch["mask"], self._news(batch, "history")
        weights = self.readers(read).squeeze(-1).masked_fill(~mask, -torch.inf).softmax(1)  # (readers, length)
        reader = torch.einsum("bl,blw->bw", weights, read)
        return torch.einsum("bw,bcw->bc", reader, self._news(batch, "candidates"))

    def _news(self, batch: Mapping[str, torch.Tensor], name: str) -> torch.Tensor:
        """Return the articles (readers, articles, WIDTH)."""
        text = torch.relu(self.text(self.dropout(batch[name])))
        category, subcategory = self.category(batch[f"{name}_category"]), self.subcategory(batch[f"{name}_subcategory"])
        views = self.dropout(torch.stack([text, category, subcategory], 2))  # (readers, articles, 3, WIDTH)
        weights = self.views(views).softmax(2)
        return (weights * views).sum(2)
