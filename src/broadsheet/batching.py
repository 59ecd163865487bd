"""Batches of texts of like length: under half of the tokens of a randomly padded batch are real."""

from collections.abc import Iterator, Sequence
from typing import Any

BATCH_TOKENS = 4096
"""Tokens of a batch, padding included: what fills a processor and still fits its cache."""


def length_buckets(lengths: Sequence[int], batch_tokens: int = BATCH_TOKENS) -> Iterator[list[int]]:
    """Yield row numbers in batches of like length, longest first, each of at most `batch_tokens` tokens with its padding."""
    order = sorted(range(len(lengths)), key=lambda row: (-lengths[row], row))
    start = 0
    while start < len(order):
        size = max(1, batch_tokens // max(1, lengths[order[start]]))
        yield order[start : start + size]
        start += size


def pad(rows: Sequence[dict[str, list[int]]], pad_token: int) -> dict[str, Any]:
    """Return tensors (rows, tokens) of each column, padded to the longest row, and their `attention_mask`."""
    import torch

    shape = (len(rows), max(len(row["input_ids"]) for row in rows))
    batch = {name: torch.full(shape, pad_token if name == "input_ids" else 0) for name in rows[0]}
    batch["attention_mask"] = torch.zeros(shape, dtype=torch.long)
    for number, row in enumerate(rows):
        length = len(row["input_ids"])
        batch["attention_mask"][number, :length] = 1
        for name in row:
            batch[name][number, :length] = torch.tensor(row[name])
    return batch
