"""The positions of tokens in rows that are padded on the left."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def position_ids(network: Any, mask: torch.Tensor) -> dict[str, torch.Tensor]:  # noqa: ANN401
    """Return the argument that tells a GPT-like network where the tokens of a mask (rows, tokens) stand.

    Without it a network with learned positions would count the padding. Empty for a network that takes none.
    """
    plain = network.get_base_model() if hasattr(network, "get_base_model") else network
    if "position_ids" not in inspect.signature(plain.forward).parameters:
        return {}
    return {"position_ids": (mask.cumsum(1) - 1).clamp(min=0)}
