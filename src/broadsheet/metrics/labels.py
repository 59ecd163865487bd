"""How the articles of a list are distributed over labels: categories, outlets, languages, ages or events.

Labels are numbers from 0 in one matrix (requests, k), best or newest first, -1 where there is no article or its label
is unknown. Unknown labels are left out; they are no label of their own. Shares are kept only for labels that a request
has, so there may be as many labels as articles.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from broadsheet.errors import ContractError
from broadsheet.metrics.retrieval import Ranked
from broadsheet.tables.arrays import Flags, Floats, Integers

Labels = npt.NDArray[np.int64]
"""Label numbers (requests, k), -1 for none."""

AGES = (1.0, 6.0, 24.0, 72.0)
"""Hours that separate the labels of `age_labels`."""


class Shares(NamedTuple):
    """The shares of labels in one or several spreads of each request, laid end to end."""

    owners: Integers
    "The request of each label found. (found,)"
    shares: list[Floats]
    "Of each spread; those of one request sum to 1. (found,)"
    measured: Flags
    "Requests in which every spread has a label. (requests,)"

    def total(self, terms: Floats) -> Floats:
        """Return the sum of terms (found,) over the labels of each request, NaN where one is not measured."""
        sums = np.bincount(self.owners, terms, len(self.measured))
        return np.where(self.measured, sums, np.nan)


def number_labels(names: Sequence[str] | npt.NDArray[Any]) -> Integers:
    """Return a number for each article's name, such as its category (articles,), -1 where it is empty."""
    known = np.asarray([bool(name) for name in names], np.bool_)
    numbers = np.full(len(known), -1, np.int64)
    numbers[known] = np.unique(np.asarray(names, str)[known], return_inverse=True)[1]
    return numbers


def labels_of(ranked: Ranked, numbers: Integers) -> Labels:
    """Return the labels of lists of article rows (requests, k), from one number for each article."""
    return np.asarray(_at(ranked, numbers, -1))


def age_labels(ranked: Ranked, published_at: Floats, times: Floats) -> Labels:
    """Return how old each article is as of its request: 0 for less than an hour, then by AGES.

    `published_at` (articles,) and `times` (requests,) are epoch seconds, UTC. The age is unknown (-1) without a time,
    or if the time is later than the request.
    """
    hours = (times[:, None] - _at(ranked, published_at, np.nan)) / 3600.0
    return np.where(hours >= 0, np.searchsorted(AGES, hours, side="right"), -1)


def _at(ranked: Ranked, values: npt.NDArray[Any], none: float) -> npt.NDArray[Any]:
    found = np.full(ranked.shape, none, values.dtype)
    found[ranked >= 0] = values[ranked[ranked >= 0]]
    return found


def equally(width: int) -> Floats:
    """Return weights (width,) by which all places count the same."""
    return np.ones(width)


def by_rank(width: int) -> Floats:
    """Return 1 / rank (width,), the weights of RADio."""
    return 1.0 / np.arange(1, width + 1)


def shares_of(*spreads: tuple[Labels, Floats]) -> Shares:
    """Return the weighted shares of the labels of each request, side by side for several spreads.

    A spread is labels (requests, width) and the weight of each place (width,). Raises ContractError if the spreads are
    of different numbers of requests.
    """
    requests = len(spreads[0][0])
    if any(len(labels) != requests for labels, _ in spreads):
        counts = ", ".join(str(len(labels)) for labels, _ in spreads)
        raise ContractError(f"labels: lists of {counts} requests side by side; expected the same requests.")
    kinds = 1 + max(int(labels.max(initial=-1)) for labels, _ in spreads)
    keys, weights = [], []
    for labels, places in spreads:
        owners, columns = np.nonzero(labels >= 0)
        keys.append(owners * kinds + labels[owners, columns])
        weights.append(places[columns])
    found, inverse = np.unique(np.concatenate(keys), return_inverse=True)
    owners = found // max(kinds, 1)
    measured, shares = np.ones(requests, np.bool_), []
    for part, weight in zip(np.split(inverse, np.cumsum([len(key) for key in keys])[:-1]), weights, strict=True):
        sums = np.bincount(part, weight, len(found))
        totals = np.bincount(owners, sums, requests)
        measured &= totals > 0
        shares.append(np.divide(sums, totals[owners], out=np.zeros(len(found)), where=totals[owners] > 0))
    return Shares(owners, shares, measured)
