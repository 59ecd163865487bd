"""LSTUR-ini (An et al. 2019, "Neural News Recommendation with Long- and Short-term User Representations").

A GRU reads the history, oldest first; it begins with what is known of the reader in the long run, an embedding of the
reader that is zeros for readers who were not trained on. An article is its stored vector through a linear layer, beside
embeddings of its category and subcategory; the score is an inner product.
"""

from collections.abc import Mapping

import torch
from torch import nn

WIDTH, EMBEDDING, DROPOUT, MASKED = 256, 50, 0.2, 0.5
"""MASKED is the share of training examples whose reader counts as unknown; the paper's best is 0.5."""


class Lstur(nn.Module):
    """Scores of candidates for readers, from what the readers read and who they are."""

    def __init__(self, sizes: Mapping[str, int]) -> None:
        """`sizes` has `dim`, and the numbers of `categories`, `subcategories` and `readers`; reader 0 is unknown."""
        super().__init__()
        whole = WIDTH + 2 * EMBEDDING
        self.text = nn.Linear(sizes["dim"], WIDTH)
        self.category = nn.Embedding(sizes["categories"], EMBEDDING)
        self.subcategory = nn.Embedding(sizes["subcategories"], EMBEDDING)
        self.readers = nn.Embedding(sizes["readers"], whole, padding_idx=0)
        nn.init.zeros_(self.readers.weight)
        self.gru = nn.GRU(whole, whole, batch_first=True)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return scores (readers, candidates).

        Of `history` (readers, length, dim) and `candidates` (readers, candidates, dim) the batch has the vectors, and
        under the same name with `_category` and `_subcategory` the numbers. `mask` (readers, length) is true for the
        articles of the history, which stand first, oldest first; `reader` (readers,) is the number of each reader.
        """
        known = batch["reader"]
        if self.training:
            known = known * (torch.rand(known.shape) >= MASKED)
        states, _ = self.gru(self._news(batch, "history"), self.readers(known)[None])
        last = batch["mask"].sum(1) - 1
        reader = states[torch.arange(len(states)), last]
        return torch.einsum("bw,bcw->bc", reader, self._news(batch, "candidates"))

    def _news(self, batch: Mapping[str, torch.Tensor], name: str) -> torch.Tensor:
        """Return the articles (readers, articles, WIDTH and two embeddings)."""
        labels = self.category(batch[f"{name}_category"]), self.subcategory(batch[f"{name}_subcategory"])
        return self.dropout(torch.cat([self.text(batch[name]), *labels], -1))
