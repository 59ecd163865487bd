"""Retrieval metrics: how many relevant articles a list finds, and how lists spread over the articles.

Lists are article rows in one matrix (requests, k), best first, -1 beyond the end of a shorter list. Relevance is yes or
no. Recall is |hits| / |relevant|, never capped at k (unlike `success` or the capped recall of some libraries), so it
cannot reach 1 if more than k articles are relevant. The ranks of the relevant articles are looked up once; all metrics
are computed from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from broadsheet.errors import ContractError
from broadsheet.metrics.ranking import at_least_one
from broadsheet.tables.arrays import Flags, Floats, Integers

Ranked = npt.NDArray[Any]
"""Article rows, int32 or int64 (requests, k), best first, -1 for none."""

_BLOCK = 1 << 24  # cells compared at a time: bounds the memory


@dataclass(frozen=True)
class Retrieved:
    """Where the relevant articles stand in the lists of their requests.

    Each metric is one float64 value for each request, 0 to 1, higher is better; NaN for a request without relevant
    articles. They agree with trec_eval's `recall.k`, `ndcg_cut.k` and `recip_rank`.
    """

    owners: Integers
    "The request of each relevant article. (relevant,)"
    ranks: Integers
    "Its rank in that request's list, 1 is best, 0 where it is not in it. (relevant,)"
    requests: int
    "How many requests there are, those without a relevant article included."

    def only(self, chosen: Flags) -> Retrieved:
        """Return the same lists with only the `chosen` articles relevant, a mask (relevant,)."""
        return Retrieved(self.owners[chosen], self.ranks[chosen], self.requests)

    def recall_at(self, k: int) -> Floats:
        """Share of the relevant articles among the first k: |hits| / |relevant|."""
        return self._ratio(np.ones(at_least_one(k)), self._relevant().astype(np.float64))

    def ndcg_at(self, k: int) -> Floats:
        """Discounted gain of the hits among the first k, over that of the best order (Järvelin and Kekäläinen 2002).

        The discount is log2(rank + 1).
        """
        discount = 1.0 / np.log2(np.arange(2, at_least_one(k) + 2))
        ideal = np.concatenate([[0.0], np.cumsum(discount)])
        return self._ratio(discount, ideal[np.minimum(self._relevant(), k)])

    def reciprocal_rank(self) -> Floats:
        """1 / rank of the first relevant article; 0 if the list has no relevant article."""
        best = np.zeros(self.requests)
        found = self.ranks > 0
        np.maximum.at(best, self.owners[found], 1.0 / self.ranks[found])
        best[self._relevant() == 0] = np.nan
        return best

    def _relevant(self) -> Integers:
        return np.bincount(self.owners, minlength=self.requests)

    def _ratio(self, weights: Floats, best: Floats) -> Floats:
        hits = (self.ranks > 0) & (self.ranks <= len(weights))
        gain = np.bincount(self.owners[hits], weights[self.ranks[hits] - 1], self.requests)
        return np.asarray(np.divide(gain, best, out=np.full(self.requests, np.nan), where=best > 0))


def find_relevant(ranked: Ranked, owners: Integers, relevant: Integers) -> Retrieved:
    """Look up the relevant articles, `relevant` (rows) of the requests `owners`, in the ranked lists.

    Raises ContractError if a list names an article twice, or a request an article twice as relevant.
    """
    in_order = np.sort(ranked, axis=1)
    if ((in_order[:, 1:] == in_order[:, :-1]) & (in_order[:, 1:] >= 0)).any():
        raise ContractError("retrieval: a ranked list names an article twice. Remove the repetitions before measuring.")
    if len(np.unique(np.stack([owners, relevant]), axis=1).T) < len(relevant):
        raise ContractError("retrieval: an article is named twice as relevant. Remove the repetitions.")
    ranks = np.zeros(len(relevant), np.int64)
    block = max(1, _BLOCK // max(1, ranked.shape[1]))
    for start in range(0, len(relevant) if ranked.shape[1] else 0, block):
        part = slice(start, start + block)
        same = ranked[owners[part]] == relevant[part, None]  # (block, k)
        ranks[part] = np.where(same.any(axis=1), same.argmax(axis=1) + 1, 0)
    return Retrieved(owners, ranks, len(ranked))


def exposure(ranked: Ranked, k: int, size: int) -> Integers:
    """Return how many lists hold each of `size` articles among their first k, (size,)."""
    first = ranked[:, : at_least_one(k)]
    return np.bincount(first[first >= 0], minlength=size)


def coverage(exposures: Integers) -> float:
    """Share of the articles that stand in at least one list (catalogue coverage, Ge et al. 2010); NaN for no articles.

    It grows with the number of lists: compare values of the same requests only.
    """
    return float((exposures > 0).mean()) if len(exposures) else float("nan")


def gini(exposures: Integers) -> float:
    """Gini index of how often articles are shown: 0 if all equally, 1 if only one is; NaN if none is.

    Sum over i of (2 i - n - 1) share_i / (n - 1), by rising share (Shani and Gunawardana 2011, on coverage).
    """
    size, total = len(exposures), exposures.sum()
    if size < 2 or not total:
        return float("nan")
    places = 2 * np.arange(1, size + 1) - size - 1
    return float((places * np.sort(exposures)).sum() / total / (size - 1))


def self_information(clicks: Integers) -> Floats:
    """Return -log2 of each article's share of the clicks, in bits; one click is added to each, so all are finite."""
    return np.asarray(-np.log2((clicks + 1) / (clicks.sum() + len(clicks))))


def novelty(ranked: Ranked, k: int, information: Floats) -> Floats:
    """Mean self-information of the first k articles (Zhou et al. 2010), in bits: the less clicked, the more novel.

    `information` is (articles,), from `self_information` of the clicks before the request. One value for each list, NaN
    for an empty list.
    """
    first = ranked[:, : at_least_one(k)]
    there = first >= 0
    total = (information[np.where(there, first, 0)] * there).sum(axis=1)
    counts = there.sum(axis=1)
    return np.asarray(np.divide(total, counts, out=np.full(len(first), np.nan), where=counts > 0))
