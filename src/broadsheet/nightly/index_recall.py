"""How many of the articles nearest to an edition's readers its index finds, held against exact search."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from broadsheet.tables.arrays import Vectors
from broadsheet.tables.vectors import MappedVectors

Search = Callable[[Vectors, int], tuple[Vectors, npt.NDArray[np.int64]]]
"""Unit vectors (queries, dim) and k to inner products and rows (queries, k), -1 for no row."""

READERS = 128
"""Readers whose neighbours are looked for, at most."""


def reader_recall(search: Search, vectors: MappedVectors, readers: MappedVectors) -> float | None:
    """Return recall@100 of a search for a sample of user vectors, 0 to 1; None if all are zeros."""
    from broadsheet.index_build import search_exactly, shares_found

    known = np.flatnonzero(np.concatenate([np.zeros(0, np.bool_), *(block.any(axis=1) for block in readers)]))
    if not len(known):
        return None
    exact = search_exactly(vectors, readers.take(np.random.default_rng(0).permutation(known)[:READERS]))
    _, rows = search(exact.queries, exact.k)
    return float(shares_found(rows, exact, vectors).mean())
