"""The penalty of calibrated recommendation (Steck 2018): how far a list's categories are from the reader's own."""

import numpy as np

from broadsheet.tables.arrays import Floats, Names

SMOOTHING = 0.01
"""Share of the reader's distribution that is mixed into the list's, so that a category that it lacks costs much, and
not without end (Steck 2018, equation 5)."""


class Miscalibration:
    """Costs an item the divergence of the list with it, 0 to -log(SMOOTHING) = 4.6.

    It is the Kullback-Leibler divergence of the list's categories from those of the reader's history. An item of
    unknown category counts as one of a category never read. Where no category of the history is known, nothing costs.
    """

    def __init__(self, read: Names, categories: Names) -> None:
        """Take the categories of the history's articles and of the items (items,); empty where unknown."""
        names, counts = np.unique(read[read != ""].astype(str), return_counts=True)
        place = {name: number for number, name in enumerate(names.tolist())}
        self._read = counts / max(counts.sum(), 1)  # (categories read,)
        self._codes = np.array([place.get(name, len(place)) for name in categories], np.int64)  # last: never read
        self._steps = np.eye(len(place) + 1, len(place))
        self._counts, self._places = np.zeros(len(place)), 0

    def costs(self) -> Floats:
        """Return the cost of each item."""
        lists = (self._counts + self._steps) / (self._places + 1)  # (category of the next item, categories read)
        cost: Floats = _divergence(self._read, lists)[self._codes]
        return cost

    def take(self, item: int) -> None:
        """Note that an item is the next of the list."""
        self._counts, self._places = self._counts + self._steps[self._codes[item]], self._places + 1


def _divergence(read: Floats, shown: Floats) -> Floats:
    """Return KL(read || (1 - SMOOTHING) * shown + SMOOTHING * read), over the last axis; all of `read` are above 0."""
    mixed = (1 - SMOOTHING) * shown + SMOOTHING * read
    divergence: Floats = (read * np.log(read / mixed)).sum(axis=-1)
    return divergence
