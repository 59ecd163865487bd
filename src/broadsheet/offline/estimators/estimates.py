"""All estimators that a log allows, each with its terms, its weights and the bias that its bounded weights can have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from broadsheet.offline.estimators import single, slates
from broadsheet.offline.estimators import weights as of
from broadsheet.offline.estimators.decisions import Decisions
from broadsheet.offline.estimators.intervals import Interval, skewed_t
from broadsheet.offline.estimators.pages import Pages
from broadsheet.offline.estimators.reward_model import by_article, by_features
from broadsheet.offline.estimators.terms import Terms, mean_of
from broadsheet.tables.arrays import Floats, Integers

Bound = Callable[[Floats], Floats]

DM, DR = "DM", "DR"


@dataclass(frozen=True)
class Estimate:
    """One estimator applied to a log."""

    terms: Terms
    weight: Floats
    "The weights that it uses, (rounds,); of pages, those of the slot that the log says least about."
    bias: tuple[float, float] = (0.0, 0.0)
    "By how much the policy's value can lie below and above what is estimated, since weights were bounded; both >= 0."
    spans: Terms | None = None
    "Terms without a model's bias, whose interval this estimator's interval includes."

    def interval(self, readers: Integers) -> Interval:
        """Return the interval of 95 % of the policy's value: `skewed_t`, widened by the bias that can be there.

        The interval of bounded weights is the outer interval of Bottou et al. 2013, section 4.4, with the model's
        predictions taken off.
        """
        low, high = skewed_t(self.terms, readers)
        low, high = low - self.bias[0], high + self.bias[1]
        if self.spans is not None:
            other = skewed_t(self.spans, readers)
            low, high = min(low, other.low), max(high, other.high)
        return Interval(low, high)


Found = tuple[dict[str, Estimate], dict[str, str]]
"""The estimates by the estimator's name, and why others are left out."""


def with_model(log: Decisions) -> Decisions:
    """Return the log with a reward model learned from it, if it has candidates and no model yet."""
    if log.predicted is not None or log.candidates is None:
        return log
    return replace(log, predicted=_model(log)[:2])


def _model(log: Decisions) -> tuple[Floats, Floats, Floats]:
    """Return `predicted` and `expected` of each round, and the prediction of each candidate."""
    candidates = log.candidates
    assert candidates is not None
    owners, shown = candidates.owners, candidates.places
    if candidates.features is None:
        learned = by_article(candidates.articles[shown], candidates.articles, log.reward, owners, log.readers)
    else:
        learned = by_features(candidates.features[shown], candidates.features, log.reward, owners, log.readers)
    expected = of.per_round(candidates.evaluation * learned.candidates, candidates.offsets)
    return learned.shown, expected, learned.candidates


def decision_estimates(log: Decisions) -> Found:
    """Return every estimate that a log of single decisions allows, in the order of `single`.

    Weights are bounded at the square root of the number of rounds, as Ionides 2008 proposes: the bound's bias vanishes
    as logs grow.
    """
    weight, reward, most = log.weight, log.reward, float(np.sqrt(len(log)))
    found, left_out = _replayed(log)
    bounds: dict[str, Bound] = {
        "clip": lambda w: of.clipped(w, most),
        "subgaussian": lambda w: of.sub_gaussian(w, 1 / most),
        "switch": lambda w: of.switched(w, most),
        "shrink": lambda w: of.shrunk(w, most**2),
    }
    nothing = np.zeros(len(log))

    def bounded(bound: str, predicted: Floats, expected: Floats) -> Estimate:
        kept = bounds[bound](weight)
        terms = single.dr(reward, kept, predicted, expected)
        return Estimate(terms, kept, _bias(log, bounds[bound], predicted))

    found |= {
        "IPS": Estimate(single.ips(reward, weight), weight),
        "clipped IPS": bounded("clip", nothing, nothing),
        "SNIPS": Estimate(single.snips(reward, weight), weight),
        "sub-Gaussian IPS": bounded("subgaussian", nothing, nothing),
    }
    if log.predicted is None:
        why = "needs the articles that each round chose among, or a reward model's columns `predicted` and `expected`"
        left_out |= dict.fromkeys((DM, DR, "self-normalised DR", "switch-DR", "DRos"), why)
    else:
        predicted, expected = log.predicted
        doubly = single.dr(reward, weight, predicted, expected)
        found |= {
            DM: Estimate(single.direct_method(expected), np.ones(len(log)), spans=doubly),
            DR: Estimate(doubly, weight),
            "self-normalised DR": Estimate(single.sndr(reward, weight, predicted, expected), weight),
            "switch-DR": bounded("switch", predicted, expected),
            "DRos": bounded("shrink", predicted, expected),
        }
    candidates = log.candidates
    if log.clusters is None or candidates is None or candidates.propensity is None:
        left_out["MIPS"] = "needs the clusters and both probabilities of all candidates"
    else:
        clusters = log.clusters[candidates.articles]
        chances = candidates.evaluation, candidates.propensity, clusters, candidates.offsets, candidates.chosen
        marginal = of.cluster_weights(*chances)
        found["MIPS"] = Estimate(single.mips(reward, marginal), marginal)
    return found, left_out


def _replayed(log: Decisions) -> Found:
    """Return the replay estimate if the log chose uniformly and the evaluated policy has no chance in it."""
    candidates = log.candidates
    sizes = np.diff(candidates.offsets) if candidates is not None else 1 / log.propensity[:1]
    uniform = np.allclose(log.propensity * sizes, 1)
    matches = log.evaluation > 1 - 1e-9
    if not uniform or not (matches | (log.evaluation < 1e-9)).all() or not matches.any():
        return {}, {"replay": "needs a log of uniform random choices, and a policy without chance"}
    return {"replay": Estimate(single.replay(log.reward, matches), matches.astype(np.float64))}, {}


def _bias(log: Decisions, bound: Bound, predicted: Floats) -> tuple[float, float]:
    """Return by how much the mean of (w - bounded w) * (r - predicted) can lie below and above 0, both at least 0.

    Rewards are taken to lie between 0, or the least reward of the log, and its largest.
    """
    least, most = min(0.0, float(log.reward.min())), float(log.reward.max())
    candidates = log.candidates
    if candidates is not None and candidates.propensity is not None:
        ratios = np.divide(
            candidates.evaluation,
            candidates.propensity,
            out=np.zeros(len(candidates.evaluation)),
            where=candidates.propensity > 0,
        )
        lost = float((candidates.evaluation - candidates.propensity * bound(ratios)).sum() / len(log))
    else:
        lost = 1 - float(bound(log.weight).mean())
    lost = max(lost, 0.0)
    return lost * max(float(predicted.max()) - least, 0.0), lost * max(most - float(predicted.min()), 0.0)


def page_estimates(log: Pages) -> Found:
    """Return every estimate that a log of pages allows, in the order of `slates`."""
    found: dict[str, Estimate] = {}
    left_out: dict[str, str] = {}
    present = log.present
    if log.conditional is None or log.evaluation_conditional is None:
        why = "needs the probabilities given the slots above, of both policies"
        left_out |= dict.fromkeys(("standard IPS", "RIPS", "self-normalised RIPS", "cascade-DR"), why)
    else:
        whole = slates.page_weights(log.evaluation_conditional, log.conditional, present)
        above = slates.cascade_weights(log.evaluation_conditional, log.conditional) * present
        found["standard IPS"] = Estimate(slates.slate_ips(log.reward, whole), whole.max(axis=1))
        found |= _normalised_too("RIPS", log, above)
        if log.predicted is None:
            left_out["cascade-DR"] = "needs a reward model's columns `predicted` and `expected`"
        else:
            doubly = slates.cascade_dr(log.reward, above, *log.predicted)
            found["cascade-DR"] = Estimate(doubly, _hardest(log, above))
    if log.propensity is None or log.evaluation is None:
        why = "needs the probability of each article in its slot, of both policies"
        left_out |= dict.fromkeys(("IIPS", "self-normalised IIPS"), why)
    else:
        found |= _normalised_too("IIPS", log, slates.independent_weights(log.evaluation, log.propensity))
    return found, left_out


def _normalised_too(name: str, log: Pages, weight: Floats) -> dict[str, Estimate]:
    hardest = _hardest(log, weight)
    return {
        name: Estimate(slates.slate_ips(log.reward, weight), hardest),
        f"self-normalised {name}": Estimate(slates.slate_snips(log.reward, weight, log.present), hardest),
    }


def _hardest(log: Pages, weight: Floats) -> Floats:
    """Return the weights of the slot that the log says least about, (pages,); 1 for pages without that slot."""
    by_slot = np.where(log.present, weight, 1.0)
    sizes = [of.effective_size(column) for column in by_slot.T]
    return np.asarray(by_slot[:, int(np.argmin(sizes))])


def difference(estimate: Estimate, reward: Floats, readers: Integers) -> tuple[float, Interval]:
    """Return the estimate minus the mean reward of the log, with its interval: what the policy would gain or lose."""
    shifted = replace(estimate, terms=_minus(estimate.terms, reward))
    spans = estimate.spans and _minus(estimate.spans, reward)
    return shifted.terms.value, replace(shifted, spans=spans).interval(readers)


def _minus(terms: Terms, reward: Floats) -> Terms:
    return replace(terms, plain=terms.plain - mean_of(reward).plain)
