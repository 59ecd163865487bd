"""When two articles tell of one event: the one rule of the page's caps and of digests.

Nearness is not handed on: where A is near B and B near C, A and C need have nothing in common. So both ask what is near
to one article, and neither makes clusters.
"""

import numpy as np
import numpy.typing as npt

from broadsheet.tables.arrays import Flags

DAY = 86400.0


def of_one_event(
    likeness: npt.NDArray[np.float32],
    published_at: npt.NDArray[np.float64],
    at: float | npt.NDArray[np.float64],
    *,
    similarity: float,
    days: float,
) -> Flags:
    """Return which articles tell of the event of one that was published `at` (articles,).

    These have an inner product of `similarity` or more with it and were published at most `days` days before or after.
    Times are epoch seconds, NaN where unknown, and an unknown one rules nothing out. All arrays may have further axes.
    """
    apart = np.abs(published_at - at) > days * DAY  # False where one is unknown
    return np.asarray((likeness >= similarity) & ~apart)
