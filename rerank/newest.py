"""Which candidates are so new that their clicks cannot speak for them yet: the policy keeps places for these."""

from collections.abc import Mapping

import numpy as np

from broadsheet.tables.arrays import Flags, Floats

NEWEST, JUST_IN = 0.5 ** (1 / 8), 0.5 ** (1 / 48)
"""Least freshness of the newest articles, and of articles just in.

By default the newest are at most 3 hours old, an eighth of the half-life of freshness; an article is just in for half
an hour, a forty-eighth of it.
"""
READ = 0.5
"""Popularity from which an article counts as read by many.

Popularity is a logarithm: where the most clicked article has 60 recent clicks, an article with 1 click counts as
read by many; where it has 50,000, an article with 23 clicks does.
"""


def not_judged(signals: Mapping[str, Floats]) -> Flags:
    """Return which candidates readers have not judged yet (candidates,), from their signals (candidates,).

    These are the articles just in, and the newest that are not read by many. An article of unknown age is not among
    them. Where nobody clicked anything, no article is read by many.
    """
    just_in, newest = signals["freshness"] >= JUST_IN, signals["freshness"] >= NEWEST
    return np.asarray(just_in | (newest & ~(signals["popularity"] >= READ)))
