"""Arrays of numbers: the names of their types, and rows drawn at random."""

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
"""Whole numbers, such as rows of a table."""


def draw_rows(total: int, most: int, seed: int = 0) -> Integers:
    """Return `most` different rows from 0 to `total` - 1, or all if there are fewer, in order; the same for a seed."""
    if most >= total:
        return np.arange(total)
    return np.sort(np.random.default_rng(seed).choice(total, most, replace=False))
