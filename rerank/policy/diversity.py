"""The penalty of maximal marginal relevance (Carbonell and Goldstein 1998): likeness to the items above."""

import numpy as np
import numpy.typing as npt

from broadsheet.tables.arrays import Floats


class Likeness:
    """The inner products of an item with all items; the last result is kept, as several parts ask for the same item."""

    def __init__(self, vectors: npt.NDArray[np.float32]) -> None:
        """Take the items' unit vectors (items, dim)."""
        self._vectors = vectors
        self._last: tuple[int, npt.NDArray[np.float32]] | None = None

    def __len__(self) -> int:
        return len(self._vectors)

    def __call__(self, item: int) -> npt.NDArray[np.float32]:
        """Return the inner products (items,), -1 to 1."""
        if self._last is None or self._last[0] != item:
            self._last = item, self._vectors @ self._vectors[item]
        return self._last[1]


class Similarity:
    """The cost of an item is its largest inner product with an item above it, -1 to 1; 0 in the first place."""

    def __init__(self, likeness: Likeness) -> None:
        self._likeness = likeness
        self._nearest: Floats | None = None
        self._distances: list[float] = []

    @property
    def distances(self) -> Floats:
        """For each place so far: 1 - the largest inner product with an item above, 0 to 2; 1 for the first place."""
        return np.array(self._distances, np.float64)

    def costs(self) -> Floats:
        """Return the cost of each item."""
        return np.zeros(len(self._likeness)) if self._nearest is None else self._nearest

    def take(self, item: int) -> None:
        """Note that an item is the next of the list."""
        similarity = self._likeness(item).astype(np.float64)
        # Rounding can make the distance between two copies of an article slightly negative.
        self._distances.append(1.0 if self._nearest is None else max(0.0, 1 - float(self._nearest[item])))
        self._nearest = similarity if self._nearest is None else np.maximum(self._nearest, similarity)
