"""How far predicted click probabilities are from the clicks: expected calibration error over equal groups."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from broadsheet.tables.arrays import Floats

BINS = 10
"""Equally large groups of predictions that the calibration error is measured in."""


def calibration_error(probability: Floats, clicked: npt.NDArray[np.bool_]) -> float:
    """Return the expected calibration error (Naeini et al. 2015), 0 to 1, over BINS groups of equal size.

    In each group the mean prediction is compared with the share of clicks; the error is the mean distance. Equal
    predictions share their clicks, so that it does not matter which of them a group gets.
    """
    _, ties, sizes = np.unique(probability, return_inverse=True, return_counts=True)
    clicks = (np.bincount(ties, clicked) / sizes)[ties] if len(probability) else np.zeros(0)
    groups = [group for group in equal_groups(probability) if len(group)]
    gaps = [abs(probability[group].mean() - clicks[group].mean()) * len(group) for group in groups]
    return round(float(sum(gaps) / max(1, len(probability))), 4)


def equal_groups(probability: Floats) -> list[npt.NDArray[np.int64]]:
    """Return the places of BINS groups of predictions, in ascending order and of equal size, one more or less."""
    return np.array_split(np.argsort(probability, kind="stable"), BINS)
