"""A network's cache with room for a draft, so that adding a token does not copy the cache."""

from __future__ import annotations

from typing import Any

import torch
from transformers.cache_utils import DynamicLayer

from broadsheet.generate.writers.prompt_tokens import NEW_TOKENS


class _RoomyLayer(DynamicLayer):  # type: ignore[misc]
    """Keys and values (rows, heads, tokens, dim), each the first part of a tensor with room for more tokens."""

    def __init__(self, layer: DynamicLayer) -> None:
        super().__init__()
        self.keys, self.values = layer.keys, layer.values
        self.dtype, self.device, self.is_initialized = layer.dtype, layer.device, True
        self._places = (self.keys, self.values)

    def update(
        self,
        key_states: torch.Tensor,
        value_states: torch.Tensor,
        *_: Any,  # noqa: ANN401
        **__: Any,  # noqa: ANN401
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return all keys and values, with the new ones added at the end."""
        keys, values = self._places
        keys, self.keys = _put_behind(keys, self.keys, key_states)
        values, self.values = _put_behind(values, self.values, value_states)
        self._places = (keys, values)
        return self.keys, self.values


def _put_behind(place: torch.Tensor, have: torch.Tensor, new: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the longer tensor with `new` written after `have`, and the part of it that is filled."""
    start, end = have.shape[2], have.shape[2] + new.shape[2]
    if have.data_ptr() != place.data_ptr() or end > place.shape[2]:
        rows, heads, _, dim = have.shape
        place = have.new_empty(rows, heads, end + NEW_TOKENS, dim)
        place[:, :, :start] = have
    place[:, :, start:end] = new
    return place, place[:, :, :end]


def give_room(cache: Any) -> None:  # noqa: ANN401
    """Let the growing layers of a DynamicCache grow in place; layers of other kinds stay as they are."""
    cache.layers = [_RoomyLayer(layer) if type(layer) is DynamicLayer else layer for layer in cache.layers]
