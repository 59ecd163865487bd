"""A policy evaluated on a log: every estimate that the log allows, with its interval, or a refusal that says why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from broadsheet.errors import InputError
from broadsheet.offline.estimators.anytime import anytime
from broadsheet.offline.estimators.decisions import Decisions
from broadsheet.offline.estimators.estimates import Estimate, decision_estimates, difference, page_estimates, with_model
from broadsheet.offline.estimators.intervals import Interval, bootstraps, skewed_t
from broadsheet.offline.estimators.pages import Pages
from broadsheet.offline.estimators.support import lacking
from broadsheet.offline.estimators.terms import mean_of
from broadsheet.offline.estimators.weights import effective_size, overlap
from broadsheet.tables.arrays import Floats, Integers


@dataclass(frozen=True)
class Row:
    """What one estimator says."""

    value: float
    interval: Interval
    "95 %, of the value of the policy (see `estimates.Estimate.interval`)."
    bootstrap: Interval
    "95 %, by resampling readers: usual, and too narrow where few rounds have large weights."
    effective_size: float
    "How many rounds with equal weights say as much."
    difference: float
    "The value minus the mean reward of the log."
    difference_interval: Interval


@dataclass(frozen=True)
class Evaluation:
    """What a log says about a policy."""

    rounds: int
    "Decisions, or pages."
    readers: int
    logged: float
    "The mean reward of the log: what its own policy earned."
    logged_interval: Interval
    rows: dict[str, Row]
    "By the estimator's name."
    left_out: dict[str, str]
    "Why an estimator has no row, by its name."
    overlap: float | None
    "Share of the policy's choices that the log could have made, 0 to 1; None if the candidates are not known."
    anytime: dict[str, Interval] = field(default_factory=dict)
    "Intervals that stay true however often one looks, by the estimator's name; none if rewards go beyond 0 to 1."


def evaluate(log: Decisions | Pages) -> Evaluation:
    """Return what a log says about the policy whose probabilities it holds.

    Raises InputError if the log supports no estimate of this policy, with the reason and what to do.
    """
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # weights beyond all numbers are refused
        return _of_decisions(with_model(log)) if isinstance(log, Decisions) else _of_pages(log)


def _of_decisions(log: Decisions) -> Evaluation:
    candidates, common, largest = log.candidates, None, None
    if candidates is not None and candidates.propensity is not None:
        common = overlap(candidates.evaluation, candidates.propensity, candidates.offsets)
        possible = candidates.propensity > 0
        largest = float((candidates.evaluation[possible] / candidates.propensity[possible]).max())
    if why := lacking(log.weight, log.readers, common):
        raise InputError(f"log: {why}")
    found, left_out = decision_estimates(log)
    sequences = {}
    if log.reward.min() >= 0 and log.reward.max() <= 1:
        sequences["IPS"] = anytime(log.reward, log.weight, largest)
    return _evaluated(found, left_out, log.reward, log.readers, common, sequences)


def _of_pages(log: Pages) -> Evaluation:
    found, left_out = page_estimates(log)
    reasons = {name: lacking(one.weight, log.readers) for name, one in found.items()}
    left_out |= {name: why for name, why in reasons.items() if why}
    found = {name: one for name, one in found.items() if not reasons[name]}
    if not found:
        raise InputError(f"log: {next(iter(reasons.values()))}")
    return _evaluated(found, left_out, log.reward.sum(axis=1), log.readers, None, {})


def _evaluated(
    found: dict[str, Estimate],
    left_out: dict[str, str],
    reward: Floats,
    readers: Integers,
    common: float | None,
    sequences: dict[str, Interval],
) -> Evaluation:
    own = mean_of(reward)
    usual = bootstraps([one.terms for one in found.values()], readers)
    rows = {
        name: _row(one, between, reward, readers) for (name, one), between in zip(found.items(), usual, strict=True)
    }
    return Evaluation(
        rounds=len(reward),
        readers=len(np.unique(readers)),
        logged=own.value,
        logged_interval=skewed_t(own, readers),
        rows=rows,
        left_out=left_out,
        overlap=common,
        anytime=sequences,
    )


def _row(one: Estimate, usual: Interval, reward: Floats, readers: Integers) -> Row:
    gained, between = difference(one, reward, readers)
    return Row(
        one.terms.value,
        one.interval(readers),
        usual,
        effective_size(one.weight),
        gained,
        between,
    )


def as_document(found: Evaluation) -> dict[str, Any]:
    """Return an evaluation as JSON holds it."""
    rows = {
        name: {
            "value": row.value,
            "low": row.interval.low,
            "high": row.interval.high,
            "bootstrap_low": row.bootstrap.low,
            "bootstrap_high": row.bootstrap.high,
            "effective_size": row.effective_size,
            "difference": row.difference,
            "difference_low": row.difference_interval.low,
            "difference_high": row.difference_interval.high,
        }
        for name, row in found.rows.items()
    }
    return {
        "rounds": found.rounds,
        "readers": found.readers,
        "logged": {"mean": found.logged, **found.logged_interval._asdict()},
        "overlap": found.overlap,
        "rows": rows,
        "left_out": found.left_out,
        "anytime": {name: interval._asdict() for name, interval in found.anytime.items()},
    }
