"""The losses of the cross-encoder, over groups of articles.

A group is one clicked article, then some articles that were shown beside it and not clicked. Each loss takes
the logits of all groups, one group behind the other, and the number of articles of each group.
"""

from collections.abc import Callable

import torch
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""Logits (articles,) and group lengths (groups,) to a mean loss ()."""


def listwise(logits: torch.Tensor, groups: torch.Tensor) -> torch.Tensor:
    """Return the mean over groups of -log softmax of the group's first logit (ListNet's top one, Cao et al. 2007)."""
    return torch.stack([-torch.log_softmax(group, 0)[0] for group in _split(logits, groups)]).mean()


def pairwise(logits: torch.Tensor, groups: torch.Tensor) -> torch.Tensor:
    """Return the mean over groups of the group's mean of log(1 + exp(other - first)) (RankNet, Burges 2005).

    A group of one article has nothing to compare, and counts as 0.
    """
    parts = [softplus(group[1:] - group[0]).sum() / max(len(group) - 1, 1) for group in _split(logits, groups)]
    return torch.stack(parts).mean()


def pointwise(logits: torch.Tensor, groups: torch.Tensor) -> torch.Tensor:
    """Return the mean cross-entropy of all articles, with label 1 for the first of each group and 0 for the others."""
    labels = torch.zeros_like(logits)
    labels[torch.cumsum(groups, 0) - groups] = 1.0
    return binary_cross_entropy_with_logits(logits, labels)


def _split(logits: torch.Tensor, groups: torch.Tensor) -> tuple[torch.Tensor, ...]:
    return torch.split(logits, groups.tolist())


LOSSES: dict[str, Loss] = {"listwise": listwise, "pairwise": pairwise, "pointwise": pointwise}
