"""The penalty of maximal marginal relevance (Carbonell and Goldstein 1998): likeness to the items above."""

import numpy as np
import numpy.typing as npt

from broadsheet.tables.arrays import Floats, Rows


class Similarity:
    """The cost of an item is its largest inner product with an item above it, -1 to 1; 0 in the first place."""

    def __init__(self, likeness: npt.NDArray[np.float32]) -> None:
        """Take the inner products of the items of each list (lists, items, items), -1 to 1."""
        self._likeness = likeness
        self._lists = np.arange(len(likeness))
        self._nearest: Floats | None = None
        self._distances: list[Floats] = []

    @property
    def distances(self) -> Floats:
        """For each place so far: 1 - the largest inner product with an item above, 0 to 2; 1 for the first place.

        (lists, places)
        """
        return np.stack(self._distances, axis=1) if self._distances else np.zeros((len(self._lists), 0))

    def costs(self) -> Floats:
        """Return the cost of each item (lists, items)."""
        return np.zeros(self._likeness.shape[:2]) if self._nearest is None else self._nearest

    def take(self, items: Rows) -> None:
        """Note the next item of each list (lists,)."""
        similarity = self._likeness[self._lists, items].astype(np.float64)
        if self._nearest is None:
            self._distances.append(np.ones(len(self._lists)))
            self._nearest = similarity
        else:
            # Rounding can make the distance between two copies of an article slightly negative.
            self._distances.append(np.maximum(0.0, 1 - self._nearest[self._lists, items]))
            self._nearest = np.maximum(self._nearest, similarity)
