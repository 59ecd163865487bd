"""Batches of texts of like length: in a random batch, more than half of the tokens would be padding."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

BATCH_TOKENS = 4096
"""Tokens of a batch, padding included: enough to keep a processor busy, and few enough for its cache."""
STEP = 8
"""Lengths are padded to a multiple of this: in bfloat16 a CPU plans each new shape, so there should be few shapes."""


def length_buckets(lengths: Sequence[int], batch_tokens: int = BATCH_TOKENS) -> Iterator[list[int]]:
    """Yield row numbers in batches that pad to one length, longest first.

    A batch has at most `batch_tokens` tokens, padding included, or is one row.
    """
    padded = [padded_length(length) for length in lengths]
    order = sorted(range(len(lengths)), key=lambda row: (-padded[row], row))
    for length, group in groupby(order, key=lambda row: padded[row]):
        rows = list(group)
        size = max(1, batch_tokens // length)
        yield from (rows[start : start + size] for start in range(0, len(rows), size))


def padded_length(length: int) -> int:
    """Return the length to which a row of `length` tokens is padded."""
    return max(1, -(-length // STEP)) * STEP


def pad(rows: Sequence[dict[str, list[int]]], pad_token: int) -> dict[str, Any]:
    """Return tensors (rows, tokens) of each column, padded to one length, and their `attention_mask`."""
    import torch

    shape = (len(rows), padded_length(max(len(row["input_ids"]) for row in rows)))
    batch = {name: torch.full(shape, pad_token if name == "input_ids" else 0) for name in rows[0]}
    batch["attention_mask"] = torch.zeros(shape, dtype=torch.long)
    for number, row in enumerate(rows):
        length = len(row["input_ids"])
        batch["attention_mask"][number, :length] = 1
        for name in row:
            batch[name][number, :length] = torch.tensor(row[name])
    return batch


def packed_batches(lengths: Sequence[int], batch_tokens: int) -> Iterator[list[int]]:
    """Yield row numbers in batches without padding, the longest texts first.

    Texts of one length are neighbours. A batch has at most `batch_tokens` tokens, or is one row.
    """
    batch: list[int] = []
    tokens = 0
    for row in sorted(range(len(lengths)), key=lambda row: (-lengths[row], row)):
        if batch and tokens + lengths[row] > batch_tokens:
            yield batch
            batch, tokens = [], 0
        batch.append(row)
        tokens += lengths[row]
    if batch:
        yield batch


def even_batches(lengths: Sequence[int], parts: int) -> list[list[int]]:
    """Return row numbers in at most `parts` batches with about equal numbers of tokens, longest first.

    Rows of one length are neighbours. Cores that each take a batch finish at about the same time.
    """
    batches: list[list[int]] = [[] for _ in range(parts)]
    total, before = max(1, sum(lengths)), 0
    for row in sorted(range(len(lengths)), key=lambda row: (-lengths[row], row)):
        middle = before + lengths[row] / 2
        batches[min(int(middle * parts / total), parts - 1)].append(row)
        before += lengths[row]
    return [batch for batch in batches if batch]
