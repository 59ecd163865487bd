"""What is infinite or not a number is no signal: it counts as absent, and a warning says so once for each signal."""

import logging
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from broadsheet.rerank.fusion import Floats

log = logging.getLogger(__name__)


def finite(name: str, values: Floats, given: npt.NDArray[np.bool_] | bool = True) -> Floats:
    """Return a signal's values (candidates,) with NaN, which means absent, where they are not finite.

    `given` says where there was a value at all: a value that is merely absent is no reason for a warning.
    """
    known = np.isfinite(values)
    if (given & ~known).any():
        _warn(name)
    return np.where(known, values, np.nan)


@lru_cache  # a request every second would fill the log
def _warn(name: str) -> None:
    log.warning(
        "Signal %s: found values that are infinite or not a number; they count as absent, and this is said once. "
        "What makes the signal is damaged: build the edition again, or train the model behind it again.",
        name,
    )
