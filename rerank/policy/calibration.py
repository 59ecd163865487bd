"""The penalty of calibrated recommendation (Steck 2018): how far a list's categories are from the reader's history."""

import numpy as np

from broadsheet.tables.arrays import Floats, Integers, Rows

SMOOTHING = 0.01
"""Share of the history's distribution that is mixed into the list's (Steck 2018, equation 5).

With it a category that the list lacks has a high cost, but not an infinite cost.
"""


class Miscalibration:
    """The cost of an item is the divergence of the list that ends with it, 0 to -log(SMOOTHING) = 4.6.

    It is the Kullback-Leibler divergence of the list's categories from the history's categories. An item without a
    category counts as an item of a category that the history lacks. If no article of the history has a category, every
    cost is 0.
    """

    def __init__(self, history: Integers, categories: Integers) -> None:
        """Take category numbers of the history's articles (lists, articles) and of the items (lists, items).

        An unknown category is below 0.
        """
        read = history >= 0
        places = np.where(read, _numbered(np.where(read, history, -1)), -1)
        self._lists = np.arange(len(history))
        counts = np.zeros((len(history), int(places.max(initial=-1)) + 2))
        np.add.at(counts, (self._lists[:, None], places), 1.0)
        counts[:, -1] = 0  # the last place is of all categories that the history lacks
        self._history = counts / np.maximum(read.sum(axis=1, keepdims=True), 1)  # (lists, places)
        same = (categories[..., None] == history[:, None, :]) & (categories[..., None] >= 0)  # (lists, items, articles)
        at = np.concatenate([same, np.ones((*same.shape[:2], 1), np.bool_)], axis=-1).argmax(axis=-1)
        places = np.concatenate([places, np.full((len(places), 1), -1)], axis=1)
        self._places = np.take_along_axis(places, at, axis=1)  # of each item's category, (lists, items)
        self._counts, self._taken = np.zeros_like(counts), 0

    def costs(self) -> Floats:
        """Return the cost of each item (lists, items)."""
        without, with_one_more = self._terms(self._counts), self._terms(self._counts + 1)
        # One by one, since how NumPy adds depends on the longest history of the block.
        whole = np.cumsum(without, axis=1)[:, -1:]
        return np.take_along_axis(whole - without + with_one_more, self._places, axis=1)

    def take(self, items: Rows) -> None:
        """Note the next item of each list (lists,)."""
        self._counts[self._lists, self._places[self._lists, items]] += 1
        self._taken += 1

    def _terms(self, counts: Floats) -> Floats:
        """Return each category's term of KL(history || list) if the list, of one more item, had it so often."""
        shown = (1 - SMOOTHING) * counts / (self._taken + 1) + SMOOTHING * self._history
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self._history > 0, self._history * np.log(self._history / shown), 0.0)


def _numbered(history: Integers) -> Integers:
    """Return the number of each article's category in its history, from 0 in the order in which they come."""
    if not history.size:
        return history
    first = (history[:, :, None] == history[:, None, :]).argmax(axis=-1)  # the first place with the same category
    known = (first == np.arange(history.shape[1])) & (history >= 0)
    return np.take_along_axis(np.cumsum(known, axis=1) - 1, first, axis=1)
