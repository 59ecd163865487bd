"""A logistic function that makes a score a probability (Platt 1999)."""

from typing import Any

import numpy as np

from broadsheet.tables.arrays import Floats


def logistic(scores: Floats, line: tuple[float, float]) -> Floats:
    """Return the logistic function of slope * scores + offset, 0 to 1; `line` is (slope, offset)."""
    slope, offset = line
    return np.asarray(1 / (1 + np.exp(-(slope * scores + offset))))


def fit_platt(scores: Floats, clicked: np.ndarray[Any, np.dtype[np.bool_]]) -> tuple[float, float]:
    """Return the slope (0 or more) and offset of the logistic function under which these clicks are most likely."""
    from scipy.optimize import minimize

    labels = clicked.astype(np.float64)

    def loss(line: Floats) -> tuple[float, Floats]:
        logits = line[0] * scores + line[1]
        probability = 1 / (1 + np.exp(-logits))
        gradient = probability - labels
        value = np.logaddexp(0, logits).mean() - (labels * logits).mean()
        return float(value), np.array([(gradient * scores).mean(), gradient.mean()])

    slope, offset = minimize(loss, np.array([1.0, 0.0]), jac=True, bounds=[(0, None), (None, None)]).x
    return float(slope), float(offset)
