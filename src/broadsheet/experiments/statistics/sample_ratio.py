"""The alarm of a broken split: arms that do not have readers in the shares that the settings say.

Then readers of an arm were lost or logged twice, and nothing else of the experiment can be believed.
The test may be looked at after every reader: the sequential multinomial test of Lindon and Malek 2022, "Anytime-valid
inference for multinomial count data" (NeurIPS).
"""

from __future__ import annotations

import numpy as np

from broadsheet.tables.arrays import Floats

CONCENTRATION = 1000.0
"""Weight of the shares of the settings in the mixture of other shares: deviations of some 1.5 percentage points are
found soonest, all others later."""
ALARM = 0.001
"""The p-value below which the alarm is raised: a broken split is rare, and the alarm stops an experiment."""


def sample_ratio(counts: Floats, shares: Floats, concentration: float = CONCENTRATION) -> Floats:
    """Return the p-value of the shares at each look (..., looks), valid at every look: it never rises again.

    `counts` are the readers of each arm until each look (..., looks, arms), `shares` (arms,) what the settings say,
    each above 0; their sum is 1.
    """
    from scipy.special import gammaln

    counts, shares = np.asarray(counts, np.float64), np.asarray(shares, np.float64)
    prior = concentration * shares
    total = counts.sum(axis=-1)
    log_mixture = gammaln(concentration) - gammaln(concentration + total)
    log_mixture = log_mixture + (gammaln(prior + counts) - gammaln(prior)).sum(axis=-1)
    log_e = log_mixture - (counts * np.log(shares)).sum(axis=-1)
    return np.minimum(1.0, np.exp(-np.maximum.accumulate(log_e, axis=-1)))
