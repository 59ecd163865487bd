"""RADio: how far lists diverge, as a newspaper's aims see it (Vrijenhoek et al. 2022).

Each value is the Jensen-Shannon divergence with base 2 of two spreads of labels: 0 alike, 1 nothing in common, NaN
where either is empty. Rank-aware: a place of a list counts 1 / rank. What was shown to choose from, the pool, has no
ranks, so that all of it counts the same. Nothing is smoothed, since this divergence is finite anyhow; RADio's own code
smooths by 0.001 and reports the square root.

Of the five metrics two can be measured from what a corpus holds, *calibration* and *fragmentation*. The other three,
named in ABSENT with what they need, compare list and pool; `from_pool` measures them where a caller has labels. Where
it is given a category, source or age instead, it answers that question, and must not be called by their names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy.special import rel_entr

from broadsheet.errors import ContractError
from broadsheet.metrics.labels import Labels, by_rank, equally, shares_of
from broadsheet.tables.arrays import Floats

ABSENT = {
    "activation": "the sentiment of each article",
    "representation": "the political actors or views that each article mentions",
    "alternative voices": "which people that each article mentions belong to a minority",
}
"""The metrics of RADio that no table of a corpus has the data for, and what they need."""


class Spread(NamedTuple):
    """One kind of label of the same requests: of the lists, and of what they are compared with."""

    lists: Labels
    "Best first. (requests, k)"
    histories: Labels
    "Of what the reader read before, newest first. (requests, h)"
    pools: Labels
    "Of what there was to choose from, such as all shown articles, in any order. (requests, n)"


def calibration(lists: Labels, histories: Labels) -> Floats:
    """Return how far each list is from its reader's history (newest first), both by rank."""
    return _divergence((lists, by_rank(lists.shape[1])), (histories, by_rank(histories.shape[1])))


def from_pool(lists: Labels, pools: Labels) -> Floats:
    """Return how far each list, by rank, is from the pool: the form of the three metrics in ABSENT."""
    return _divergence((lists, by_rank(lists.shape[1])), (pools, equally(pools.shape[1])))


def fragmentation(stories: Labels, rng: np.random.Generator, others: int = 5) -> Floats:
    """Return how far each list is, on average, from those of `others` other requests drawn at random, all by rank.

    A label is a story: the articles on one event. Where no stories are known, the article's own row is taken, so that
    two readers of one event in two articles count as apart. Empty lists are NaN and are not drawn; NaN if no other list
    is left. Raises ContractError if `others` is less than 1.
    """
    if others < 1:
        raise ContractError(f"others: found {others}, expected 1 or more.")
    found, rows = np.full(len(stories), np.nan), np.flatnonzero((stories >= 0).any(axis=1))
    if len(rows) < 2:
        return found
    lists, weights = stories[rows], by_rank(stories.shape[1])
    total = np.zeros(len(rows))
    for _ in range(others):
        partners = (np.arange(len(rows)) + rng.integers(1, len(rows), len(rows))) % len(rows)  # never oneself
        total += _divergence((lists, weights), (lists[partners], weights))
    found[rows] = total / others
    return found


def radio(spreads: Mapping[str, Spread], stories: Labels, rng: np.random.Generator) -> dict[str, Floats]:
    """Return "calibration, NAME" and "from pool, NAME" for each kind of label, and "fragmentation".

    What cannot be measured on any request, such as the source where a corpus names none, is absent, not zero.
    """
    found = {"fragmentation": fragmentation(stories, rng)}
    for name, spread in spreads.items():
        found[f"calibration, {name}"] = calibration(spread.lists, spread.histories)
        found[f"from pool, {name}"] = from_pool(spread.lists, spread.pools)
    return {name: values for name, values in found.items() if not np.isnan(values).all()}


def _divergence(first: tuple[Labels, Floats], second: tuple[Labels, Floats]) -> Floats:
    spread = shares_of(first, second)
    one, other = spread.shares
    middle = (one + other) / 2
    return np.asarray(spread.total(rel_entr(one, middle) + rel_entr(other, middle)) / (2 * np.log(2)))
