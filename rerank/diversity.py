"""The diversity pass: maximal marginal relevance (Carbonell and Goldstein 1998)."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def maximal_marginal_relevance(
    scores: Floats, vectors: npt.NDArray[np.float32], diversity: float
) -> tuple[npt.NDArray[np.int64], Floats]:
    """Return the order of the items, and for each place 1 - the largest similarity to an item above (1 for the first).

    An item's worth is (1 - diversity) * score - diversity * largest similarity, with scores scaled to 0 to 1 over the
    list; `diversity` 0 keeps the order of the scores. Ties go to the earlier item. `vectors` are unit vectors
    (items, dim).
    """
    count = len(scores)
    order, distance = np.zeros(count, np.int64), np.ones(count)
    scaled = (scores - scores.min()) / max(float(np.ptp(scores)), 1e-9) if count else scores
    similarity = np.full(count, -np.inf)
    left = np.ones(count, bool)
    for place in range(count):
        penalty = diversity * similarity if place else 0.0
        worth = np.where(left, (1 - diversity) * scaled - penalty, -np.inf)
        best = int(np.argmax(worth))
        order[place], left[best] = best, False
        if place:
            # Rounding can take the distance to a double just below 0.
            distance[place] = max(0.0, 1 - similarity[best])
        similarity = np.maximum(similarity, vectors @ vectors[best])
    return order, distance
