"""Arrays of numbers: the names of their types, and rows drawn at random."""

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
"""Vectors of articles, readers or texts, (rows, dim), and products of vectors."""
Floats = npt.NDArray[np.float64]
"""Numbers to compute with: scores, times in epoch seconds, metrics."""
Integers = npt.NDArray[np.int64]
"""Counts, offsets and labels."""
Rows = npt.NDArray[np.int64]
"""Rows of a table or a catalogue, and places in a list."""
Flags = npt.NDArray[np.bool_]
"""What holds and what does not, such as whether each article was clicked."""
Names = npt.NDArray[np.object_]
"""Texts, such as the category of each article."""


def draw_rows(total: int, most: int, seed: int = 0) -> Rows:
    """Return `most` different rows from 0 to `total` - 1, or all if there are fewer, in order; the same for a seed."""
    if most >= total:
        return np.arange(total)
    return np.sort(np.random.default_rng(seed).choice(total, most, replace=False))


def falling_scores(count: int) -> npt.NDArray[np.float32]:
    """Return 1, 1/2, 1/3 ... for the ranks 1 to `count`: scores that fall with the rank, without ties."""
    return (1 / np.arange(1, count + 1)).astype(np.float32)
