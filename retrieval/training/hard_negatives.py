"""Hard negatives: articles that the index finds near a reader, and that are not too near to what was clicked."""

from collections.abc import Callable, Sequence

import numpy as np

from broadsheet.tables.arrays import Rows, Vectors

DEPTH = 200
"""Nearest articles to draw from."""
MARGIN = 0.05
"""How much less like the reader than the clicked article a negative must be, as inner products: a nearer article may be
one that the reader would have clicked (positive-aware mining, de Souza et al. 2024, section 3)."""


def mine(
    users: Vectors,
    clicked: Vectors,
    own: Sequence[Sequence[int]],
    search: Callable[[Vectors, int], tuple[Vectors, Rows]],
    *,
    count: int,
    rng: np.random.Generator,
) -> list[list[int]]:
    """Return up to `count` rows for each click, drawn from those near the reader, in the order of the index.

    `users` and `clicked` are unit vectors (clicks, dim); `own` are the articles that each
    reader read, clicked or was shown, by row: no negative is drawn from them.
    """
    scores, rows = search(users, DEPTH)
    limits = np.einsum("nd,nd->n", users, clicked) - MARGIN
    mined = []
    for near, score, limit, left_out in zip(rows, scores, limits, own, strict=True):
        fit = near[(near >= 0) & (score <= limit) & ~np.isin(near, np.asarray(left_out, np.int64))]
        drawn = rng.choice(len(fit), min(count, len(fit)), replace=False)
        mined.append(fit[np.sort(drawn)].tolist())
    return mined
