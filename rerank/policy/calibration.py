"""The penalty of calibrated recommendation (Steck 2018): how far a list's categories are from the reader's history."""

import numpy as np

from broadsheet.tables.arrays import Floats, Names

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

    def __init__(self, history_categories: Names, categories: Names) -> None:
        """Take the categories of the history's articles and of the items (items,); an unknown category is empty."""
        names, counts = np.unique(history_categories[history_categories != ""].astype(str), return_counts=True)
        place = {name: number for number, name in enumerate(names.tolist())}
        self._history = counts / max(counts.sum(), 1)  # (history's categories,), sums to 1
        # The code of a category that the history lacks is len(place).
        self._codes = np.array([place.get(name, len(place)) for name in categories], np.int64)
        self._steps = np.eye(len(place) + 1, len(place))  # row: what an item of this code adds to the list's counts
        self._counts, self._places = np.zeros(len(place)), 0

    def costs(self) -> Floats:
        """Return the cost of each item."""
        lists = (self._counts + self._steps) / (self._places + 1)  # (code of the next item, history's categories)
        cost: Floats = _divergence(self._history, lists)[self._codes]
        return cost

    def take(self, item: int) -> None:
        """Note that an item is the next of the list."""
        self._counts, self._places = self._counts + self._steps[self._codes[item]], self._places + 1


def _divergence(history: Floats, shown: Floats) -> Floats:
    """Return KL(history || (1 - SMOOTHING) * shown + SMOOTHING * history) over the last axis; `history` is above 0."""
    mixed = (1 - SMOOTHING) * shown + SMOOTHING * history
    divergence: Floats = (history * np.log(history / mixed)).sum(axis=-1)
    return divergence
