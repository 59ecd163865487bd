"""Click rates corrected for the slot: clicks over the showings that readers are likely to have looked at.

A showing far down a page is seen less often, so it says less against its article. Each showing counts as the
probability that its slot is examined (examination hypothesis, Richardson et al. 2007; as the posterior of a click rate,
Komiyama et al. 2017).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from broadsheet.tables.arrays import Floats, Integers, Rows

HALF_LIFE_HOURS = 24.0
"""A showing counts half after this time."""
PRIOR_SHOWINGS = 20.0
"""Examined showings at the average click rate that each article has beside its own."""
UNKNOWN_RATE = 0.05
"""The average click rate where nothing was clicked yet."""
PRIOR_SLOT = 500.0
"""Showings with the given examination that each slot has beside its own when the examination is learned.

Beside the effective number of its own showings: one showing with a propensity of 1 / 3,000 says no more than one.
"""
LEAST, MOST_SLOTS = 0.02, 100
"""Least examination of a slot, so that a single click far down cannot count as fifty; the last slot with its own."""


def given_examination(slots: int = MOST_SLOTS) -> Floats:
    """Return the probability that each slot is examined, relative to the first slot, where no log says it (slots,).

    It is 1 / log2(1 + slot), the discount of nDCG (Järvelin and Kekäläinen 2002).
    """
    found: Floats = 1 / np.log2(1 + np.arange(1.0, slots + 1))
    return found


def learned_examination(slots: Integers, clicked: Integers, weights: Floats) -> Floats:
    """Return the probability that each slot is examined, relative to the first slot, from a log (MOST_SLOTS,).

    Takes the slot of each showing (1 is the top), whether it was clicked (0 or 1) and 1 / its propensity (showings,),
    bounded so that few showings do not decide. It is right if chance may put the same articles into each slot. Where an
    article can only be in few slots, as under Thompson sampling, better articles stand higher up, and slots further
    down seem to be examined less than they are.
    Only showings with a propensity below 1 count, since an article that is always in the same slot does not tell what
    the slot does. Weighed by 1 / propensity, such articles are in every slot alike, so the ratio of the click rates of
    two slots is the ratio of their examination (Joachims, Swaminathan and Schnabel 2017; Agarwal et al. 2019). Where a
    slot is worth few such showings, by their effective number (Kish 1965), `given_examination` decides.
    """
    given = given_examination()
    randomised = (weights > 1) & (slots >= 1) & (slots <= MOST_SLOTS)
    places, weight = slots[randomised] - 1, weights[randomised]
    shown, squares, hits = (
        np.bincount(places, values, minlength=MOST_SLOTS)
        for values in (weight, weight**2, weight * clicked[randomised])
    )
    if not hits.any():
        return given
    size = np.divide(shown**2, squares, out=np.zeros(MOST_SLOTS), where=squares > 0)
    clicks = np.divide(hits, shown, out=np.zeros(MOST_SLOTS), where=shown > 0) * size
    rate = clicks.sum() / (size @ given)  # of an examined showing
    rates = (clicks / rate + PRIOR_SLOT * given) / (size + PRIOR_SLOT)
    found: Floats = np.clip(rates / rates[0], LEAST, 1.0)
    return found


@dataclass(frozen=True)
class ClickRates:
    """The clicks and examined showings of each article, both (articles,); older ones count less."""

    clicks: Floats
    examined: Floats

    def posteriors(self, rows: Rows) -> tuple[Floats, Floats]:
        """Return the parameters of the Beta posterior of the click rates of some articles, (rows,) each, above 0.

        The first has the article's clicks, the second its examined showings without a click. The prior is
        PRIOR_SHOWINGS examined showings at the average click rate of all articles.
        """
        total = self.clicks.sum()
        average = min(total / self.examined.sum(), 0.5) if total else UNKNOWN_RATE
        clicks, examined = self.clicks[rows], self.examined[rows]
        misses = np.maximum(examined - clicks, 0.0)  # clicks in slots that are hardly examined may be more
        return clicks + PRIOR_SHOWINGS * average, misses + PRIOR_SHOWINGS * (1 - average)


def count_click_rates(
    articles: int, rows: Rows, slots: Integers, clicked: Integers, ages_hours: Floats, examination: Floats
) -> ClickRates:
    """Return the click rates of `articles` articles from their showings.

    Takes of each showing the article's row, the slot (1 is the top; 0 or less is unknown and counts as examined),
    whether it was clicked (0 or 1), and its age in hours, at least 0; all (showings,). `examination` is that of the
    slots (slots,); slots beyond count as its last.
    """
    seen = np.where(slots >= 1, examination[np.clip(slots, 1, len(examination)) - 1], 1.0)
    weight = 0.5 ** (ages_hours / HALF_LIFE_HOURS)
    clicks, examined = (np.bincount(rows, values, minlength=articles) for values in (weight * clicked, weight * seen))
    return ClickRates(clicks.astype(np.float64), examined.astype(np.float64))
