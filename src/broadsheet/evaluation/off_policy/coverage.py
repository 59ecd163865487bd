"""Bias, error and coverage of every off-policy estimator, on many simulated logs of several sizes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from broadsheet.evaluation.off_policy.simulated_pages import draw_pages, make_pages
from broadsheet.evaluation.off_policy.simulated_rounds import draw_rounds, make_rounds
from broadsheet.evaluation.report.document import stamp
from broadsheet.metrics.intervals import wilson
from broadsheet.offline.estimators.anytime import anytime
from broadsheet.offline.estimators.estimates import Estimate, decision_estimates, page_estimates, with_model
from broadsheet.offline.estimators.intervals import Interval, bootstraps
from broadsheet.offline.estimators.support import LEAST_SIZE
from broadsheet.offline.estimators.weights import effective_size
from broadsheet.progress import Say, track
from broadsheet.tables.arrays import Integers

RESAMPLES = 200
"""Of the plain bootstrap, which is shown beside the interval."""
DECISIONS = "single decisions"
SLOTS_ALONE, FROM_THE_TOP = "pages, clicks by slot alone", "pages, read from the top"
ANYTIME = "IPS, at any time"

Draw = Callable[[int, np.random.Generator], tuple[dict[str, Estimate], dict[str, Interval], Integers]]
"""From the rounds of a log and a generator to its estimates, further intervals, and the reader of each round."""


def measure_coverage(logs: int, sizes: Sequence[int], say: Say) -> dict[str, Any]:
    """Return the document: for each group of rows, estimator and size, what `_figures` returns."""
    groups: dict[str, Any] = {}
    for group, (value, draw) in _worlds().items():
        groups[group] = {"value": value, "rows": {}}
        for size in sizes:
            found = _measure(draw, value, size, logs, f"{group}, {size:,} rounds")
            for name, figures in found.items():
                groups[group]["rows"].setdefault(name, {})[str(size)] = figures
            say(f"{group}, {size:,} rounds: measured")
    return {**stamp(), "logs": logs, "sizes": list(sizes), "resamples": RESAMPLES, "groups": groups}


def _worlds() -> dict[str, tuple[float, Draw]]:
    """Return, for each group of rows, the true value and what draws a log."""
    rounds, by_cluster, uniform = make_rounds(0), make_rounds(0, own=0.0), make_rounds(0, is_uniform=True)
    top_down, alone = make_pages(0, cascade=True), make_pages(0, cascade=False)

    def decisions(size: int, rng: np.random.Generator) -> tuple[dict[str, Estimate], dict[str, Interval], Integers]:
        log = with_model(draw_rounds(rounds, size, rng))
        candidates = log.candidates
        assert candidates is not None and candidates.propensity is not None
        largest = float((candidates.evaluation / candidates.propensity).max())
        return decision_estimates(log)[0], {ANYTIME: anytime(log.reward, log.weight, largest)}, log.readers

    def clustered(size: int, rng: np.random.Generator) -> tuple[dict[str, Estimate], dict[str, Interval], Integers]:
        log = draw_rounds(by_cluster, size, rng)
        return {"MIPS": decision_estimates(log)[0]["MIPS"]}, {}, log.readers

    def replayed(size: int, rng: np.random.Generator) -> tuple[dict[str, Estimate], dict[str, Interval], Integers]:
        log = replace(draw_rounds(uniform, size, rng), clusters=None)
        return {"replay": decision_estimates(log)[0]["replay"]}, {}, log.readers

    def paged(cascade: bool) -> Draw:
        world = top_down if cascade else alone

        def draw(size: int, rng: np.random.Generator) -> tuple[dict[str, Estimate], dict[str, Interval], Integers]:
            log = draw_pages(world, size - size % 3, rng)
            return page_estimates(log)[0], {}, log.readers

        return draw

    return {
        DECISIONS: (rounds.value, decisions),
        "clicks by cluster alone": (by_cluster.value, clustered),
        "log of uniform choices": (uniform.value, replayed),
        SLOTS_ALONE: (alone.value, paged(False)),
        FROM_THE_TOP: (top_down.value, paged(True)),
    }


def _measure(draw: Draw, value: float, size: int, logs: int, what: str) -> dict[str, dict[str, float]]:
    """Return the figures of each estimator over `logs` logs of one size."""
    seen: dict[str, list[list[float]]] = {}
    for number in track(range(logs), what, total=logs):
        found, further, readers = draw(size, np.random.default_rng([number, size]))
        usual = bootstraps([one.terms for one in found.values()], readers, RESAMPLES, number)
        for (name, one), plain in zip(found.items(), usual, strict=True):
            low, high = one.interval(readers)
            row = [one.terms.value, low, high, *plain, effective_size(one.weight)]
            seen.setdefault(name, []).append(row)
        for name, (low, high) in further.items():
            seen.setdefault(name, []).append([found["IPS"].terms.value, low, high, np.nan, np.nan, np.nan])
    return {name: _figures(np.array(rows), value) for name, rows in seen.items()}


def _figures(rows: Any, value: float) -> dict[str, float]:  # noqa: ANN401
    """Return bias, error, coverage and width, all but coverage as shares of the true value.

    `rows` is (logs, 6): estimate, low, high, low and high of the bootstrap, effective size.
    """
    estimates, low, high, plain_low, plain_high, sizes = rows.T
    relative = estimates / value - 1
    covered = (low <= value) & (value <= high)
    shares = wilson(dict(enumerate(covered.astype(float).tolist())))  # type: ignore[arg-type]
    squares = relative**2
    error = float(np.sqrt(squares.mean()))
    spread = 1.96 * float(squares.std()) / np.sqrt(len(squares)) / max(2 * error, 1e-12)
    found = {
        "bias": float(relative.mean()),
        "bias_error": float(relative.std() / np.sqrt(len(relative))),
        "error": error,
        "error_low": max(error - spread, 0.0),
        "error_high": error + spread,
        "coverage": shares["mean"],
        "coverage_low": shares["low"],
        "coverage_high": shares["high"],
        "width": float(np.median(high - low)) / value,
    }
    if not np.isnan(plain_low).any():
        found["bootstrap_coverage"] = float(((plain_low <= value) & (value <= plain_high)).mean())
        found["refused"] = float((sizes < LEAST_SIZE).mean())
    return found


def curves(document: Mapping[str, Any], figure: str) -> dict[str, dict[str, dict[int, dict[str, float]]]]:
    """Return what a plot needs of a figure: for single decisions and for pages, each estimator's value by size.

    Of the groups beside, single decisions get replay and MIPS, each named by its group.
    """
    panels: dict[str, dict[str, dict[int, dict[str, float]]]] = {}
    for group, found in document["groups"].items():
        panel = group if group in (SLOTS_ALONE, FROM_THE_TOP) else DECISIONS
        for name, by_size in found["rows"].items():
            row = name if group in (panel, DECISIONS) else f"{name}, {group}"
            panels.setdefault(panel, {})[row] = {
                int(size): {
                    "mean": one[figure],
                    "low": one[f"{figure}_low"],
                    "high": one[f"{figure}_high"],
                }
                for size, one in by_size.items()
            }
    return panels
