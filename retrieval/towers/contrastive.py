"""The contrastive losses of the towers, over the articles of a batch and over what an impression showed."""

import torch
from torch import distributed

NEVER = -1e4
"""The logit of an article that does not compete; finite, so that a row of such logits still has a gradient."""


def interest_scores(users: torch.Tensor, articles: torch.Tensor) -> torch.Tensor:
    """Return the inner product of the nearest interest (N, A), of users (N, interests, dim) and articles (A, dim).

    `articles` may also be (N, A, dim), each user's own.
    """
    shape = "uid,ad->uia" if articles.dim() == 2 else "uid,uad->uia"
    return torch.einsum(shape, users, articles).amax(1)


def impression_loss(own: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return the mean -log softmax of the clicked article among those shown with it (NRMS, Wu et al. 2019, 3.4).

    `own` are logits (N, 1 + M), the clicked article first, and `mask` (N, M) says which of the others were shown. A
    click with nothing shown beside it is left out; if all are, the loss is 0.
    """
    some = mask.any(1)
    return _mean_loss(_masked(own, mask)[some])


def in_batch_loss(scores: torch.Tensor, excluded: torch.Tensor, own: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return InfoNCE (van den Oord et al. 2018) over all clicked articles of the batch and the impression's own others.

    `scores` (N, B) are logits of the articles clicked in the batch, less their log frequency (logQ, Yi et al. 2019,
    section 3). `excluded` (N, B) is true where the reader clicked the article, so that it does not compete. `own` and
    `mask` are those of `impression_loss`.
    """
    return _mean_loss(torch.cat([_masked(own, mask), scores.masked_fill(excluded, NEVER)], 1))


def distillation_loss(own: torch.Tensor, teacher: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return the mean KL divergence of the towers from a teacher over what was shown (Hinton et al. 2015).

    `own` and `teacher` are logits (N, 1 + M); the teacher's are NaN where it did not score.
    """
    some = mask.any(1) & ~teacher[:, 0].isnan()
    if not some.any():
        return own.sum() * 0
    wanted = _masked(teacher.nan_to_num(), mask)[some].log_softmax(1)
    found = _masked(own, mask)[some].log_softmax(1)
    return torch.nn.functional.kl_div(found, wanted, reduction="batchmean", log_target=True)


def gather(values: torch.Tensor) -> torch.Tensor:
    """Return the rows of all processes, in the order of the processes, with gradients back to each process.

    Processes may have different numbers of rows.
    """
    if not (distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1):
        return values
    from torch.distributed.nn.functional import all_gather

    count = torch.tensor([len(values)], device=values.device)
    counts = [torch.zeros_like(count) for _ in range(distributed.get_world_size())]
    distributed.all_gather(counts, count)
    lengths = [int(number) for number in counts]
    padded = torch.cat([values, values.new_zeros(max(lengths) - len(values), *values.shape[1:])])
    # all_gather needs tensors of one shape.
    parts = all_gather(padded.contiguous())  # type: ignore[no-untyped-call]
    return torch.cat([part[:length] for part, length in zip(parts, lengths, strict=True)])


def _masked(own: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    clicked = mask.new_ones(len(mask), 1)
    return own.masked_fill(~torch.cat([clicked, mask], 1), NEVER)


def _mean_loss(logits: torch.Tensor) -> torch.Tensor:
    """Return the mean -log softmax of the first column; without rows 0, with a gradient of 0."""
    return -logits.log_softmax(1)[:, 0].mean() if len(logits) else logits.sum()
