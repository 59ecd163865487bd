"""Whether a log can say anything about a policy: what it never showed, it cannot know."""

from __future__ import annotations

import numpy as np

from broadsheet.offline.estimators.intervals import influences
from broadsheet.offline.estimators.terms import mean_of
from broadsheet.offline.estimators.weights import effective_size
from broadsheet.tables.arrays import Floats, Integers

LEAST_OVERLAP = 0.99
"""Share of the evaluated policy's choices that the log must be able to make."""
LEAST_SIZE = 50.0
"""Effective rounds without which no estimate is made."""
_ERRORS = 4.0
"""Standard errors by which the mean weight may miss 1."""
_SLACK = 0.02


def lacking(weight: Floats, readers: Integers, overlap: float | None = None) -> str:
    """Return, in a sentence, why these weights support no estimate; empty if they do.

    `weight` and `readers` are (rounds,); `overlap` is the share of the evaluated policy's choices that the log could
    have made, None if it is not known.
    """
    if overlap is not None and overlap < LEAST_OVERLAP:
        return (
            f"{1 - overlap:.1%} of the policy's choices are articles that the log's policy never shows there, so "
            "nothing is known of them. Let the log explore these articles too, or evaluate a policy that stays within "
            "what was explored."
        )
    size = effective_size(weight)
    if size < LEAST_SIZE:
        return (
            f"the log is worth {size:.1f} rounds of {len(weight):,} for this policy, and {LEAST_SIZE:g} are needed. "
            "Log more, explore more, or evaluate a policy that is nearer to the log's."
        )
    mean = float(weight.mean())
    error = float(np.sqrt((influences(mean_of(weight), readers) ** 2).sum()))
    if mean < 1 - _SLACK - _ERRORS * error:
        return (
            f"the weights average {mean:.3f}, and 1 is expected: the policy often chooses what the log's policy never "
            "shows, or the logged probabilities are too large. Let the log explore what the policy chooses."
        )
    if mean > 1 + _SLACK + _ERRORS * error:
        return (
            f"the weights average {mean:.3f}, and 1 is expected: the logged probabilities are too small, or those of "
            "the policy too large. Log the probability with which each article was drawn when it was drawn."
        )
    return ""
