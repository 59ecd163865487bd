"""How well a model in training ranks: means of the ranking metrics, as cards and summaries state them."""

from typing import Any

import numpy as np
import numpy.typing as npt

from broadsheet.metrics.ranking import Impressions, mean_scores, ranking_metrics


def mean_metrics(scores: npt.NDArray[Any], clicked: npt.NDArray[np.bool_], lengths: npt.ArrayLike) -> dict[str, float]:
    """Return the mean of each ranking metric over impressions, rounded to four digits.

    `scores` and `clicked` are (shown,), the articles of all impressions one behind the other, and `lengths`
    (impressions,) says how many articles each impression shows. Impressions without a click, or without an article that
    was not clicked, are left out.
    """
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    means = mean_scores(ranking_metrics(Impressions(scores, clicked, offsets)))
    return {name: round(value, 4) for name, value in means.items()}
