"""The sources `trending` and `fresh`, which need no model: what is being read, and what is new."""

import numpy as np
import numpy.typing as npt

from broadsheet.retrieval.reader import Floats, Reader, Rows

HOUR = 3600.0


def fresh_scores(published_at: Floats, as_of: float, half_life_hours: float) -> Floats:
    """Return 0.5 ** (age / half-life), 0 to 1, for times in epoch seconds; NaN where unknown or later than `as_of`."""
    age = as_of - published_at
    with np.errstate(invalid="ignore"):
        return np.where(age >= 0, 0.5 ** (np.maximum(age, 0) / (half_life_hours * HOUR)), np.nan)


def trending_scores(
    rows: npt.NDArray[np.int64], times: Floats, *, as_of: float, half_life_hours: float, size: int
) -> Floats:
    """Return time-decayed click counts of `size` articles, scaled to 0 to 1; all NaN without clicks that still count.

    `rows` are the articles clicked, `times` when, in epoch seconds. Only clicks strictly before `as_of` count.
    """
    past = times < as_of
    decayed = 0.5 ** ((as_of - times[past]) / (half_life_hours * HOUR))
    counts = np.bincount(rows[past], decayed, minlength=size)
    if not counts.any():  # none, or so old that their weight rounds to 0
        return np.full(size, np.nan)
    scaled: Floats = np.log1p(counts) / np.log1p(counts.max())
    return scaled


class Standing:
    """A score of each article that is the same for all readers."""

    def __init__(self, scores: Floats, future: npt.NDArray[np.bool_]) -> None:
        """`scores` are NaN where unknown; `future` marks the articles that are not to be shown yet."""
        self._scores = scores
        order = np.argsort(-scores, kind="stable")  # NaN last
        self._order = order[~(future | np.isnan(scores))[order]]

    def propose(self, reader: Reader, n: int) -> Rows:
        """Return the n best."""
        rows = self._order[: n + len(reader.excluded)]
        return rows[reader.allows(rows)][:n]

    def __call__(self, reader: Reader, rows: Rows) -> Floats:
        """Return the scores."""
        return self._scores[rows]
