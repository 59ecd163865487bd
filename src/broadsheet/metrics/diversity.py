"""How varied a list is, how far from what was read, and how near to the categories that the reader reads.

Lists are article rows in one matrix (requests, k), best first, -1 beyond the end; cut them to the depth measured first,
`ranked[:, :10]`. Each function returns one float64 value for each list, NaN where it is not defined. Coverage, Gini
index of exposure and novelty, which describe many lists together, are in broadsheet.metrics.retrieval.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import rel_entr

from broadsheet.errors import ContractError
from broadsheet.metrics.labels import Labels, equally, shares_of
from broadsheet.metrics.retrieval import Ranked
from broadsheet.tables.arrays import Floats

AnyVectors = npt.NDArray[Any]
"""Unit vectors of the articles, float32 or float64 (articles, dim)."""

_BLOCK = 1 << 22  # numbers of vectors held at a time: bounds the memory


def intra_list_distance(ranked: Ranked, vectors: AnyVectors) -> Floats:
    """Mean cosine distance between two articles of the list, over all pairs (Smyth and McClave 2001).

    0 to 2, higher is more varied; NaN for a list of fewer than two.
    """
    found = np.full(len(ranked), np.nan)
    for part, held, counts in _vectors(ranked, vectors):
        total = held.sum(axis=1)
        products = (total**2).sum(axis=1) - (held**2).sum(axis=(1, 2))  # over ordered pairs of two articles
        pairs = counts * (counts - 1)
        found[part] = 1 - np.divide(products, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0)
    return found


def serendipity(ranked: Ranked, histories: Ranked, vectors: AnyVectors) -> Floats:
    """Mean cosine distance between an article of the list and one of the history, over all pairs (Lu et al. 2020).

    0 to 2, higher is further from what was read; NaN if list or history is empty. Relevance plays no part.
    `histories` are article rows (requests, h), -1 for none, in any order.
    """
    if len(ranked) != len(histories):
        raise ContractError(f"serendipity: {len(ranked)} lists for {len(histories)} histories; expected one for each.")
    return np.asarray(1 - (_mean_vectors(ranked, vectors) * _mean_vectors(histories, vectors)).sum(axis=1))


def category_coverage(labels: Labels, categories: int) -> Floats:
    """Share of the categories that the list has an article of: distinct labels / `categories`; NaN for an empty list.

    `labels` are the lists' (requests, k). A list of k articles reaches k / `categories` at most.
    """
    spread = shares_of((labels, equally(labels.shape[1])))
    return spread.total(np.ones(len(spread.owners))) / categories


def miscalibration(lists: Labels, histories: Labels, alpha: float = 0.01) -> Floats:
    """Kullback-Leibler divergence of the list's categories from the history's (Steck 2018), in nats.

    The sum over categories of p log(p / q'), where p is a category's share of the history, q that of the list, and q' =
    (1 - alpha) q + alpha p. 0 is calibrated; log(1 / alpha) if no category is shared; NaN if list or history is empty.
    """
    spread = shares_of((histories, equally(histories.shape[1])), (lists, equally(lists.shape[1])))
    read, listed = spread.shares
    return spread.total(rel_entr(read, (1 - alpha) * listed + alpha * read))


def _mean_vectors(ranked: Ranked, vectors: AnyVectors) -> Floats:
    """Return the mean vector of each list (requests, dim), NaN for an empty one."""
    means = np.full((len(ranked), vectors.shape[1]), np.nan)
    for part, held, counts in _vectors(ranked, vectors):
        total, count = held.sum(axis=1), counts[:, None]
        means[part] = np.divide(total, count, out=means[part], where=count > 0)
    return means


def _vectors(ranked: Ranked, vectors: AnyVectors) -> Iterator[tuple[slice, Floats, npt.NDArray[np.int64]]]:
    """Yield some lists at a time, their vectors (lists, k, dim), zero for none, and their lengths (lists,)."""
    block = max(1, _BLOCK // max(1, ranked.shape[1] * vectors.shape[1]))
    for start in range(0, len(ranked), block):
        part = slice(start, start + block)
        there = ranked[part] >= 0
        held = vectors[np.where(there, ranked[part], 0)].astype(np.float64) * there[:, :, None]
        yield part, held, there.sum(axis=1)
