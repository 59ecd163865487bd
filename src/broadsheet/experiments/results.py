"""What an experiment found: rates and differences, whose intervals stay valid at every look, split and guard-rails."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from broadsheet.config.experiments import ExperimentConfig
from broadsheet.experiments.assignment import shares_of
from broadsheet.experiments.logged import Acts, Logged
from broadsheet.experiments.looks import Looks, look_times, rates_at
from broadsheet.experiments.statistics.bounded import betting, empirical_bernstein
from broadsheet.experiments.statistics.mixture import ALPHA, p_value, radius, radius_of_one_side
from broadsheet.experiments.statistics.ratios import difference
from broadsheet.experiments.statistics.sample_ratio import ALARM, sample_ratio
from broadsheet.tables.arrays import Floats

EFFECT = 0.1
"""The difference that the sequences are tightest for, as a share of the rate of all arms.

Smaller differences are found too: a scale that is too large costs little width, a scale that is too small costs much.
"""
LEAST_READERS = 100
"""Readers that each of two arms needs before they are compared: the intervals are those of large samples."""
LEAST_ACTS = 30
"""Clicks that each of two arms needs before they are compared."""


Numbers = dict[str, float | None]
"""Numbers by name; None where a number is not known."""
HOUR = 3600.0
FEW = 5_000
"""Readers up to whom the betting sequence is computed; beyond, the empirical Bernstein sequence is as tight."""


class GuardRail(NamedTuple):
    """What must not become worse while the clicks become more."""

    above: Acts | Floats
    "Acts on the pages, or a number of each page, NaN where unknown."
    sign: int
    "1 if more is worse, -1 if less is worse."
    tolerance: float
    "The change for the worse that is borne, as a share of the control's rate."


def results_of(
    name: str,
    experiment: ExperimentConfig,
    logged: Logged,
    guards: dict[str, GuardRail],
    covariates: Floats | None = None,
) -> dict[str, Any]:
    """Return what an experiment found, as JSON holds it.

    The first arm of the settings is the control. `covariates` (readers, count) say what was known of each reader before
    the experiment. Of an experiment without pages only the arms are returned.
    """
    names = logged.names
    document: dict[str, Any] = {
        "experiment": name,
        "kind": experiment.kind,
        "start": experiment.start,
        "end": experiment.end,
        "control": names[0],
        "readers_in_two_arms": logged.mixed,
        "arms": {arm: _counts(logged, number) for number, arm in enumerate(names)},
    }
    if not logged.pages:
        return document
    times = look_times(logged.times)
    rates, scale = rates_at(logged.of_arms, times, logged.clicks), EFFECT * len(logged.clicks.pages) / logged.pages
    for number, arm in enumerate(names):
        found = {"click_rate": _interval(rates, number, scale), "first_page": _first_page(logged, number)}
        document["arms"][arm] |= found
    others = [(number, arm) for number, arm in enumerate(names) if number]
    alpha = ALPHA / len(others)
    return document | {
        "times": times.tolist(),
        "alpha": alpha,
        "differences": {arm: _difference(logged, rates, number, scale, alpha, covariates) for number, arm in others},
        "split": _split(experiment, logged),
        "guards": {
            arm: {guard: _guarded(logged, times, number, rail) for guard, rail in guards.items()}
            for number, arm in others
        },
    }


def _counts(logged: Logged, arm: int) -> dict[str, int]:
    ours = logged.arms == arm
    pages = ours[logged.reader]
    return {
        "readers": int(ours.sum()),
        "pages": int(pages.sum()),
        "clicks": int(pages[logged.clicks.pages].sum()),
        "hides": int(pages[logged.hides.pages].sum()),
    }


def _interval(rates: Looks, arm: int, scale: float) -> Numbers:
    """Return the rate of an arm at the last look with its interval."""
    mean, reach = rates.mean[-1, arm], radius(_errors(rates, arm)[-1], scale)
    return numbers(mean=mean, low=mean - reach, high=mean + reach)


def _errors(rates: Looks, *arms: int) -> Floats:
    """Return the error of an arm, or of the difference of two, at each look; NaN until both have readers enough."""
    enough = [(rates.readers[:, arm] >= LEAST_READERS) & (rates.total[:, arm] >= LEAST_ACTS) for arm in arms]
    # Readers who all did the same would have the error 0: it is at least that of one click more on one page.
    least = 1 / np.maximum(rates.pages, 1)
    error = np.sqrt(sum(np.square(np.maximum(rates.error[:, arm], least[:, arm])) for arm in arms))
    return np.where(np.logical_and.reduce(enough), error, np.nan)


def _difference(
    logged: Logged, rates: Looks, arm: int, scale: float, alpha: float, covariates: Floats | None
) -> dict[str, Any]:
    """Return the difference of an arm from the control at the last look, and at all looks."""
    mean, error = rates.mean[:, arm] - rates.mean[:, 0], _errors(rates, arm, 0)
    reach = radius(error, scale, alpha)
    looks = [numbers(mean=at, low=at - by, high=at + by) for at, by in zip(mean, reach, strict=True)]
    relative = {key: value and value / float(rates.mean[-1, 0]) for key, value in looks[-1].items()}
    p = float(p_value(mean, error, scale)[-1])
    cuped: Numbers = {}
    if covariates is not None and looks[-1]["low"] is not None:
        cuped = _adjusted(logged, arm, scale, alpha, covariates)
    return {**looks[-1], "p": p, "relative": relative, "cuped": cuped, "looks": looks}


def _adjusted(logged: Logged, arm: int, scale: float, alpha: float, covariates: Floats) -> Numbers:
    """Return the difference without what was known before the experiment (CUPED), with its interval."""
    among = np.isin(logged.arms, (0, arm))
    readers = len(logged.readers)
    clicks = np.bincount(logged.reader[logged.clicks.pages], minlength=readers)[among].astype(np.float64)
    pages = np.bincount(logged.reader, minlength=readers)[among].astype(np.float64)
    found = difference(clicks, pages, logged.arms[among] == arm, covariates[among])
    reach = float(radius(np.asarray(found.error), scale, alpha))
    return numbers(mean=found.mean, low=found.mean - reach, high=found.mean + reach, explained=found.explained)


def _first_page(logged: Logged, arm: int) -> Numbers:
    """Return the share of an arm's readers who clicked on their first page, with an interval that holds for any number.

    A page of the last hour is left out: it may still be clicked.
    """
    _, first = np.unique(logged.reader, return_index=True)  # readers and pages are in the order of time
    first = first[(logged.arms == arm) & (logged.times[first] <= logged.times[-1] - HOUR)]
    if not len(first):
        return numbers(mean=np.nan, low=np.nan, high=np.nan)
    clicked = np.isin(first, logged.clicks.pages).astype(np.float64)
    found = betting(clicked) if len(clicked) <= FEW else empirical_bernstein(clicked)
    return numbers(mean=found.mean[-1], low=found.low[-1], high=found.high[-1])


def _split(experiment: ExperimentConfig, logged: Logged) -> dict[str, Any]:
    """Return whether the arms have readers in the shares of the settings, looked at after each reader."""
    shares = shares_of(experiment)
    number, share = zip(*((number, shares[arm]) for number, arm in enumerate(logged.names) if shares[arm]), strict=True)
    counts = np.cumsum(logged.first_seen[:, None] == np.array(number), axis=0)
    total = counts[-1].sum()
    p = float(sample_ratio(counts, np.array(share))[-1])
    found = {logged.names[arm]: float(counts[-1, place] / total) for place, arm in enumerate(number)}
    return {"p": p, "alarm": p < ALARM, "shares": shares, "found": found}


def _guarded(logged: Logged, times: Floats, arm: int, rail: GuardRail) -> dict[str, Any]:
    """Return the change of a guard-rail, and whether it is surely worse than what is borne."""
    rates = rates_at(logged.of_arms, times, rail.above)
    control, mean = rates.mean[:, 0], rates.mean[:, arm]
    scale = EFFECT * np.nanmean(rates.mean[-1])
    # How much worse than borne: the error is that of this combination of both rates.
    borne = 1 + rail.sign * rail.tolerance
    error = np.hypot(rates.error[:, arm], borne * rates.error[:, 0])
    enough = (rates.readers[:, [0, arm]] >= LEAST_READERS).all(axis=1)
    if isinstance(rail.above, Acts):
        enough &= rates.total[:, [0, arm]].sum(axis=1) >= LEAST_ACTS
    worse = rail.sign * (mean - borne * control)
    low = worse - radius_of_one_side(np.where(enough, error, np.nan), scale)
    alarm = bool((np.nan_to_num(low, nan=-1.0) > 0).any())
    return numbers(control=control[-1], mean=mean[-1]) | {"tolerance": rail.tolerance, "alarm": alarm}


def numbers(**values: float) -> Numbers:
    """Return numbers as JSON holds them: None where a number is not known."""
    return {name: float(value) if np.isfinite(value) else None for name, value in values.items()}
