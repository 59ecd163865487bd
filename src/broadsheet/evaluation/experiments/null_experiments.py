"""Experiments between equal arms, and between arms that differ, looked at every hour: how often each test decides."""

from __future__ import annotations

from typing import Any

import numpy as np

from broadsheet.evaluation.experiments.simulated import DAYS, Simulated, rates_by_hour, simulate
from broadsheet.experiments.results import EFFECT, LEAST_ACTS, LEAST_READERS
from broadsheet.experiments.statistics.bounded import empirical_bernstein
from broadsheet.experiments.statistics.mixture import ALPHA, radius, radius_of_one_side
from broadsheet.experiments.statistics.ratios import difference
from broadsheet.metrics.intervals import wilson
from broadsheet.progress import Say
from broadsheet.tables.arrays import Flags, Floats

SEQUENCE, CUPED, EXACT, ONE_SIDE = "confidence sequence", "the same with CUPED, daily", "first pages, exact", "one side"
PEEKED, ONCE, PAGES = "z-test, hourly", "z-test, once at the end", "z-test over pages, once at the end"
Z = 1.959964
LIFTS = (0.1, 0.2, 0.4)


def measure_nulls(count: int, readers: int, say: Say) -> dict[str, Any]:
    """Return how many of `count` experiments without a difference each test declares one, and after which look."""
    decided: dict[str, list[float]] = {}
    for number in range(count):
        for test, hour in decisions(simulate(readers, np.random.default_rng([7, number]))).items():
            decided.setdefault(test, []).append(hour)
        if number % 500 == 499:
            say(f"{number + 1} experiments without a difference")
    return {test: _share(np.array(hours)) | {"by_day": _by_day(np.array(hours))} for test, hours in decided.items()}


def measure_power(count: int, readers: int, say: Say) -> dict[str, Any]:
    """Return for each lift how many experiments each valid test decides, and the days of the median one."""
    found = {}
    for lift in LIFTS:
        decided: dict[str, list[float]] = {}
        for number in range(count):
            one = simulate(readers, np.random.default_rng([8, number]), lift)
            for test, hour in decisions(one).items():
                if test in (SEQUENCE, CUPED, EXACT, ONCE):
                    decided.setdefault(test, []).append(hour)
        say(f"{count} experiments with a lift of {lift:.0%}")
        found[f"{lift:.0%}"] = {
            test: {**_share(np.array(hours)), "median_days": _median(hours)} for test, hours in decided.items()
        }
    return found


def decisions(found: Simulated) -> dict[str, float]:
    """Return the hour at which each test first declares a difference, infinity if it never does."""
    rates, seen, clicks = rates_by_hour(found)
    mean, error = rates.mean[:, 1] - rates.mean[:, 0], np.hypot(rates.error[:, 0], rates.error[:, 1])
    enough = (seen.min(axis=1) >= LEAST_READERS) & (clicks.min(axis=1) >= LEAST_ACTS)
    error = np.where(enough, error, np.nan)
    scale = EFFECT * len(found.clicked[found.clicked > 0]) / max(1, len(found.clicked))
    apart = np.abs(mean)
    last = np.arange(len(mean)) == len(mean) - 1
    arm = found.arms[found.reader] == 1
    of_pages = [found.clicked[where] for where in (~arm, arm)]
    pages = np.sqrt(sum(one.var() / len(one) for one in of_pages))
    return {
        PEEKED: _first(apart > Z * error),
        ONCE: _first((apart > Z * error) & last),
        PAGES: _first(last & (apart > Z * pages)),
        SEQUENCE: _first(apart > radius(error, scale)),
        ONE_SIDE: _first(mean > radius_of_one_side(error, scale)),
        CUPED: _first(_adjusted(found, enough, scale)),
        EXACT: _first(_exact(found)),
    }


def _adjusted(found: Simulated, enough: Flags, scale: float) -> Flags:
    """Return at which hours, once a day, the sequence with CUPED declares a difference."""
    declared = np.zeros(len(enough), np.bool_)
    for day in range(DAYS):
        hour = 24 * day + 23
        if not enough[hour]:
            continue
        until = np.searchsorted(found.hour, hour + 1)
        reader = found.reader[:until]
        clicks = np.bincount(reader, found.clicked[:until], len(found.arms)).astype(np.float64)
        pages = np.bincount(reader, minlength=len(found.arms)).astype(np.float64)
        came = pages > 0
        one = difference(clicks[came], pages[came], found.arms[came], found.before[came, None])
        declared[hour] = abs(one.mean) > radius(np.asarray(one.error), scale)
    return declared


def _exact(found: Simulated) -> Flags:
    """Return at which hours the exact sequences of the first pages of the two arms lie apart."""
    readers, first = np.unique(found.reader, return_index=True)
    order = np.argsort(first)
    first, arm = first[order], found.arms[readers[order]]
    bounds = []
    for one in (0, 1):
        of = first[arm == one]
        sequence = empirical_bernstein(found.clicked[of], ALPHA / 2)
        at = np.searchsorted(found.hour[of], np.arange(1, 24 * DAYS + 1))
        bounds.append(
            [np.concatenate([[edge], values])[at] for edge, values in ((0, sequence.low), (1, sequence.high))]
        )
    apart: Flags = (bounds[0][0] > bounds[1][1]) | (bounds[1][0] > bounds[0][1])
    return apart


def _first(declared: Flags) -> float:
    return float(declared.argmax()) if declared.any() else float("inf")


def _share(hours: Floats) -> dict[str, float]:
    return wilson({str(number): float(np.isfinite(hour)) for number, hour in enumerate(hours)})


def _by_day(hours: Floats) -> list[float]:
    """Return the share of experiments in which a difference was declared by the end of each day."""
    return [float((hours < 24 * (day + 1)).mean()) for day in range(DAYS)]


def _median(hours: list[float]) -> float | None:
    middle = float(np.median(hours))
    return round(middle / 24, 2) if np.isfinite(middle) else None
