"""The steps of learning on: a few passes of AdamW over the examples, from the weights in use."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
import torch

from broadsheet.errors import TrainingError

Item = TypeVar("Item")


def go_on(
    model: torch.nn.Module,
    items: Sequence[Item],
    loss_of: Callable[[Sequence[Item]], torch.Tensor],
    *,
    passes: int,
    batch_size: int,
    learning_rate: float,
    weight_decay: float,
    seed: int,
    section: str,
) -> int:
    """Train a model in place and return the number of steps; `loss_of` gives the mean loss of some items.

    The learning rate rises over the first tenth of the steps and falls to 0 over the rest. Raises TrainingError, which
    names the `section` of broadsheet.toml, if a loss is no finite number; the model is then of no use.
    """
    matrices = [one for one in model.parameters() if one.requires_grad and one.dim() > 1]
    others = [one for one in model.parameters() if one.requires_grad and one.dim() <= 1]
    groups: list[dict[str, Any]] = [
        {"params": matrices, "weight_decay": weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=learning_rate)
    per_pass = math.ceil(len(items) / batch_size)
    steps = passes * per_pass
    rng = np.random.default_rng(seed)
    model.train()
    for step in range(steps):
        if step % per_pass == 0:
            order = rng.permutation(len(items))
        start = step % per_pass * batch_size
        rate = min((step + 1) / max(1, 0.1 * steps), (steps - step) / max(1, 0.9 * steps), 1.0)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate * rate
        loss = loss_of([items[place] for place in order[start : start + batch_size].tolist()])
        if not torch.isfinite(loss):
            raise TrainingError(
                f"step {step + 1} of learning on: the loss is {loss.item()}. Lower learning_rate under [{section}] or "
                "pace under [learning] in broadsheet.toml. The models in use stay as they are."
            )
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_([*matrices, *others], 1.0)
        optimizer.step()
    model.eval()
    return steps
