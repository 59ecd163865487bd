"""Estimators of pages: a round is a page of several slots, each slot with its own reward.

Arguments of shape (pages, slots); slots that a page lacks have reward 0 and weight 0. The value of a policy is the mean
sum of a page's rewards. Each function returns Terms, whose `value` is the estimate. Which weights fit depends on how
readers look at a page, from the strongest assumption to the weakest: `independent_weights` if a click depends on its
own slot alone, `cascade_weights` if also on the slots above, `page_weights` if on the whole page.
"""

from __future__ import annotations

import numpy as np

from broadsheet.offline.estimators.terms import Terms, mean_of, ratio_of
from broadsheet.tables.arrays import Flags, Floats


def independent_weights(evaluation: Floats, propensity: Floats) -> Floats:
    """Return the ratio of the probabilities that this article is in this slot, whatever else the page shows.

    Li et al. 2018, section 4.1 (item-position model).
    """
    return _ratio(evaluation, propensity)


def cascade_weights(evaluation: Floats, conditional: Floats) -> Floats:
    """Return the ratio of the probabilities of all articles down to each slot.

    `evaluation` and `conditional` are the probabilities of a slot's article given the slots above it. McInerney et al.
    2020, section 3.2 (reward interaction).
    """
    return np.asarray(np.cumprod(_ratio(evaluation, conditional), axis=1), np.float64)


def page_weights(evaluation: Floats, conditional: Floats, present: Flags) -> Floats:
    """Return the ratio of the probabilities of the whole page, the same for each of its slots.

    The arguments are those of `cascade_weights`; `present` is which slots a page has.
    """
    ratios = np.where(present, _ratio(evaluation, conditional), 1.0)
    return np.where(present, ratios.prod(axis=1, keepdims=True), 0.0)


def slate_ips(reward: Floats, weight: Floats) -> Terms:
    """Return the mean of a page's sum of w * r.

    With `independent_weights` it is IIPS (Li et al. 2018), with `cascade_weights` RIPS (McInerney et al. 2020, equation
    6), with `page_weights` the standard IPS (Precup, Sutton and Singh 2000; Swaminathan et al. 2017).
    """
    return mean_of((weight * reward).sum(axis=1))


def slate_snips(reward: Floats, weight: Floats, present: Flags) -> Terms:
    """Return slate IPS with the weights of each slot divided by their mean: McInerney et al. 2020, section 3.3.

    `present` is which slots a page has; the mean of a slot is over the pages that have it.
    """
    return ratio_of(weight * reward, weight / np.maximum(present.mean(axis=0), 1e-300))


def cascade_dr(reward: Floats, weight: Floats, predicted: Floats, expected: Floats) -> Terms:
    """Return the doubly robust estimate for readers who look from top to bottom: Kiyohara et al. 2022, equation 5.

    `weight` comes from `cascade_weights`. `predicted` is what a model expects of a slot and all slots below it, given
    the article in the slot and those above; `expected` is its mean over the articles that the evaluated policy might
    put there, given the slots above. Both are 0 in slots that a page lacks.
    """
    above = np.column_stack([np.ones(len(weight)), weight[:, :-1]])
    return mean_of((weight * (reward - predicted) + above * expected).sum(axis=1))


def _ratio(tops: Floats, bottoms: Floats) -> Floats:
    return np.divide(tops, bottoms, out=np.zeros(np.shape(tops)), where=np.asarray(bottoms) > 0)
