"""RADio: how far lists are from histories, pools and each other (Vrijenhoek et al. 2022).

Each value is the Jensen-Shannon divergence, base 2, of two distributions of labels: 0 if they are equal, 1 if they have
nothing in common, NaN if one is empty. A place of a list counts 1 / rank. The pool, which is what the list was chosen
from, has no ranks: all its articles count equally. Nothing is smoothed, since this divergence is always finite; RADio's
own code smooths by 0.001 and reports the square root.

A corpus has the labels for two of the five metrics, *calibration* and *fragmentation*. The other three compare list and
pool, and ABSENT names the labels they need; a caller who has such labels measures them with `from_pool`. With category,
outlet or age `from_pool` answers another question, which must not be reported under the names of RADio.
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
    """One kind of label for the same requests: of the lists, of the histories and of the pools."""

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
    """Return how far each list, by rank, is from its pool: the computation of the three metrics in ABSENT."""
    return _divergence((lists, by_rank(lists.shape[1])), (pools, equally(pools.shape[1])))


def fragmentation(stories: Labels, rng: np.random.Generator, others: int = 5) -> Floats:
    """Return how far each list is, on average, from the lists of `others` other requests drawn at random, all by rank.

    A label is an event. If events are unknown, pass the article's row: then two readers who read of one event in two
    articles have nothing in common. Empty lists are NaN and are not drawn; NaN if no other list is left. Raises
    ContractError if `others` is less than 1.
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

    A kind of label that no request has, such as the outlet if a corpus names no outlets, is absent, not zero.
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
