"""Both towers as one module to train: from a batch to its loss."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from broadsheet.retrieval.towers.contrastive import (
    distillation_loss,
    gather,
    impression_loss,
    in_batch_loss,
    interest_scores,
)
from broadsheet.retrieval.towers.user_tower import UserTower

LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE = 0.01, 1.0


class TwoTowers(nn.Module):
    """The user tower, and the news tower if it learns too; otherwise article vectors are the stored ones."""

    stored: torch.Tensor
    centre: torch.Tensor
    log_popularity: torch.Tensor

    def __init__(
        self,
        user_tower: UserTower,
        encoder: Any,  # noqa: ANN401
        stored: torch.Tensor,
        log_popularity: torch.Tensor,
        *,
        temperature: float,
        anchor: float,
        in_batch: float,
        distillation: float,
        adversarial: float,
        recompute: bool,
        centre: Sequence[float] = (),
    ) -> None:
        """Take `stored` vectors (articles, dim) and `log_popularity` (articles,) by row; `encoder` is None if frozen.

        `anchor`, `in_batch` and `distillation` weigh their losses; the loss of the impressions has weight 1.
        `adversarial` is the length by which article vectors are pushed against the loss. With `recompute` the encoder's
        activations are made again in the backward pass instead of being kept. `centre` (dim,) is taken off each vector
        that the encoder makes, as in NewsTower; empty for nothing.
        """
        super().__init__()
        self.user_tower, self.encoder = user_tower, encoder
        self.log_scale = nn.Parameter(torch.tensor(-math.log(temperature)))
        self.register_buffer("stored", stored, persistent=False)
        self.register_buffer("log_popularity", log_popularity, persistent=False)
        self.register_buffer("centre", torch.tensor([*centre], dtype=torch.float32), persistent=False)
        self._anchor, self._in_batch, self._distillation = anchor, in_batch, distillation
        self._adversarial, self._recompute = adversarial, recompute

    def forward(self, **batch: Any) -> torch.Tensor:  # noqa: ANN401
        """Return the loss of a batch of BatchMaker."""
        vectors = self.article_vectors(batch)  # (A, dim)
        loss = self._loss(vectors, batch)
        if self.training and self._adversarial:
            (gradient,) = torch.autograd.grad(loss, vectors, retain_graph=True)
            loss = loss + self._loss(vectors + self._adversarial * nn.functional.normalize(gradient, dim=-1), batch)
        return loss

    def article_vectors(self, batch: dict[str, Any]) -> torch.Tensor:
        """Return unit vectors (A, dim): encoded anew where the batch has tokens, the stored ones elsewhere."""
        vectors = self.stored[batch["rows"]]
        if self.encoder is None:
            return vectors.requires_grad_(self.training and bool(self._adversarial))
        encoded = vectors.new_zeros(len(batch["encoded"]), vectors.shape[1])
        for part in batch["tokens"]:
            made = self._encode(part["input_ids"], part["attention_mask"])
            encoded = encoded.index_put((part["places"],), made)
        return vectors.index_put((batch["encoded"],), encoded)

    def _encode(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        def run(ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            made = pool(self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state, mask)
            return nn.functional.normalize(made - self.centre, dim=-1) if len(self.centre) else made

        if self._recompute and self.training:
            again: torch.Tensor = checkpoint(run, input_ids, attention_mask, use_reentrant=False)
            return again
        return run(input_ids, attention_mask)

    def _loss(self, vectors: torch.Tensor, batch: dict[str, Any]) -> torch.Tensor:
        items = vectors[batch["history"]] * batch["history_mask"][..., None]
        users = self.user_tower(items, batch["history_mask"].long())  # (N, interests, dim)
        scale = self.log_scale.clamp(-math.log(HIGHEST_TEMPERATURE), -math.log(LOWEST_TEMPERATURE)).exp()
        clicked = vectors[batch["clicked"]]  # (N, dim)
        own = torch.cat([clicked[:, None], vectors[batch["negatives"]]], 1)  # (N, 1 + M, dim)
        own = scale * interest_scores(users, own)
        loss = impression_loss(own, batch["shown_mask"])
        if self._anchor:
            loss = loss + self._anchor * self._departure(users, vectors, items, batch)
        if self._in_batch:
            loss = loss + self._in_batch * self._contrast(users, clicked, own, scale, batch)
        if self._distillation:
            loss = loss + self._distillation * distillation_loss(own, batch["teacher"], batch["shown_mask"])
        return loss

    def _departure(
        self, users: torch.Tensor, vectors: torch.Tensor, items: torch.Tensor, batch: dict[str, Any]
    ) -> torch.Tensor:
        """Return how far the towers are from the untrained ones: mean 1 - cosine of readers plus that of articles.

        As a loss it keeps few clicks from teaching more than they can: L2-SP (Li et al. 2018), on vectors in place of
        weights.
        """
        mean = nn.functional.normalize(items.sum(1), dim=-1)  # (N, dim), the untrained user tower
        readers = 1 - torch.einsum("uid,ud->ui", users, mean)
        articles = 1 - (vectors * self.stored[batch["rows"]]).sum(-1)
        return readers.mean() + articles.mean()

    def _contrast(
        self, users: torch.Tensor, clicked: torch.Tensor, own: torch.Tensor, scale: torch.Tensor, batch: dict[str, Any]
    ) -> torch.Tensor:
        rows = batch["rows"][batch["clicked"]]
        everywhere = gather(rows)  # (B,) clicked in all processes; B = N in one
        scores = scale * interest_scores(users, gather(clicked)) - self.log_popularity[everywhere]
        first = self._first_of_its_kind(everywhere)
        excluded = (batch["own_rows"][:, :, None] == everywhere).any(1) | ~first
        own = torch.cat([own[:, :1] - self.log_popularity[rows][:, None], own[:, 1:]], 1)
        return in_batch_loss(scores, excluded, own, batch["negatives_mask"])

    @staticmethod
    def _first_of_its_kind(rows: torch.Tensor) -> torch.Tensor:
        """Return which rows are the first of their article, so that an article clicked twice competes once."""
        same = rows[:, None] == rows
        return same.int().argmax(1) == torch.arange(len(rows), device=rows.device)


def pool(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return unit vectors (texts, dim): the mean of states (texts, tokens, dim) over real tokens, as in NewsTower."""
    weights = mask[..., None].float()
    return nn.functional.normalize((states.float() * weights).sum(1) / weights.sum(1), dim=-1)
