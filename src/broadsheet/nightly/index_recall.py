"""The recall of an edition's index: the share of the articles nearest to its readers that the index finds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from broadsheet.tables.arrays import Vectors
from broadsheet.tables.vectors import MappedVectors

Search = Callable[[Vectors, int], tuple[Vectors, npt.NDArray[np.int64]]]
"""Unit vectors (queries, dim) and k to inner products and rows (queries, k), -1 for no row."""

READERS = 128
"""Most readers whose nearest articles are looked for."""


def reader_recall(search: Search, vectors: MappedVectors, readers: MappedVectors) -> float | None:
    """Return recall@100 of a search against exact search, 0 to 1; None if every user vector is zeros.

    `vectors` are the articles' and `readers` the users', both rows of one dim; the queries are a sample of the latter.
    """
    from broadsheet.index_build import search_exactly, shares_found

    # A reader without a history has a vector of zeros, which is near to nothing.
    nonzero = np.flatnonzero(np.concatenate([np.zeros(0, np.bool_), *(block.any(axis=1) for block in readers)]))
    if not len(nonzero):
        return None
    exact = search_exactly(vectors, readers.take(np.random.default_rng(0).permutation(nonzero)[:READERS]))
    _, rows = search(exact.queries, exact.k)
    return float(shares_found(rows, exact, vectors).mean())
