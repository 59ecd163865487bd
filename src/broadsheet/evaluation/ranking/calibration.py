"""Whether a fusion's probabilities match the share of clicks: by Platt's logistic function and isotonic regression.

What makes a score a probability is fitted to scores of impressions that the trees did not learn from: the readers of
the learning split are cut into FOLDS parts, and the trees that score a part learned from the others (as scikit-learn's
CalibratedClassifierCV without its ensemble). The trees that are measured learned from the whole split.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from broadsheet.metrics.calibration import BINS, calibration_error, equal_groups
from broadsheet.metrics.intervals import Bootstrap
from broadsheet.rerank.learned_fusion import FusionRecipe, LearnedFusion, Lists, fit_fusion
from broadsheet.rerank.platt import fit_platt, logistic
from broadsheet.tables.arrays import Flags, Floats, Integers
from broadsheet.training.fusion_recipe import FOLDS, folds_of

SAME_DATA, PLATT, ISOTONIC = "Platt, same data", "Platt", "isotonic"
NOTES = {
    SAME_DATA: "a logistic function of the score (Platt 1999), fitted to the impressions that the trees learned from, "
    "as `broadsheet train fusion` does",
    PLATT: "the same, fitted to readers whom the trees did not learn from",
    ISOTONIC: "isotonic regression of the clicks on the score (Zadrozny and Elkan 2002), linear between the scores "
    "it was fitted to, of readers whom the trees did not learn from",
}
DEFINITION = (
    f"expected calibration error (Naeini et al. 2015), 0 to 1: the predictions in ascending order are cut into {BINS} "
    "groups of equal size (one more or less), and it is the mean over all predictions of how far the mean "
    f"prediction of a group is from its share of clicks. Held out: {FOLDS} folds over the readers of the learning "
    "split; of Platt, same data, trees and calibration are fitted to the other folds, else the calibration alone is, "
    "to scores by trees of which some knew this one. Means over the seeds"
)

Curve = Callable[[Floats], Floats]
"""Turns scores into probabilities, 0 to 1."""


@dataclass(frozen=True)
class Calibrated:
    """What each way of NOTES makes of the scores, for each seed."""

    probabilities: Mapping[str, Sequence[Floats]]
    "Of what the measured split showed, laid end to end. (shown,)"
    held_out: Mapping[str, Sequence[float]]
    "Expected calibration error on the learning split itself, of readers held out."


def measure_calibration(
    learned: Sequence[LearnedFusion], learn: Lists, readers: Sequence[str], check: Lists
) -> Calibrated:
    """Calibrate fusions that learned from `learn`, one for each seed 0, 1, …, and apply them to `check`.

    `readers` are those of the impressions of `learn` (impressions,). Raises CorpusError if there is only one.
    """
    probabilities: dict[str, list[Floats]] = {name: [] for name in NOTES}
    held_out: dict[str, list[float]] = {name: [] for name in NOTES}
    folds = folds_of(readers)
    of_shown = np.repeat(folds, learn.lengths)
    for seed, fusion in enumerate(learned):
        scores, same_data = _held_out_scores(learn, folds, fusion.signals, seed)
        found = fusion(check.signals)
        probabilities[SAME_DATA].append(fusion.probability(found))
        held_out[SAME_DATA].append(calibration_error(same_data, learn.clicked))
        for name, fit in ((PLATT, platt), (ISOTONIC, isotonic)):
            probabilities[name].append(fit(scores, learn.clicked)(found))
            ours = _held_out(fit, scores, learn.clicked, of_shown)
            held_out[name].append(calibration_error(ours, learn.clicked))
    return Calibrated(probabilities, held_out)


def platt(scores: Floats, clicked: Flags) -> Curve:
    """Return the logistic function, with a slope of 0 or more, under which these clicks are most likely."""
    line = fit_platt(scores, clicked)
    return lambda values: logistic(values, line)


def isotonic(scores: Floats, clicked: Flags) -> Curve:
    """Return the non-falling function with the least squared error to these clicks, constant beyond their scores."""
    from scipy.optimize import isotonic_regression

    points, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    heights = isotonic_regression(np.bincount(places, clicked) / counts, weights=counts).x
    return lambda values: np.interp(values, points, heights)


def _held_out_scores(learn: Lists, folds: Integers, names: Sequence[str], seed: int) -> tuple[Floats, Floats]:
    """Return scores and probabilities (shown,) by trees that learned from the other folds, and their calibration."""
    scores, probabilities = np.zeros(len(learn.clicked)), np.zeros(len(learn.clicked))
    for fold in np.unique(folds):
        held = folds == fold
        fusion = fit_fusion(_part(learn, ~held), names, FusionRecipe(), (seed,))
        places = np.repeat(held, learn.lengths)
        scores[places] = fusion(_part(learn, held).signals)
        probabilities[places] = fusion.probability(scores[places])
    return scores, probabilities


def _part(lists: Lists, chosen: Flags) -> Lists:
    """Return some of the impressions; `chosen` is (impressions,)."""
    places = np.repeat(chosen, lists.lengths)
    signals = {name: values[places] for name, values in lists.signals.items()}
    return Lists(signals, lists.clicked[places], lists.lengths[chosen])


def _held_out(fit: Callable[[Floats, Flags], Curve], scores: Floats, clicked: Flags, folds: Integers) -> Floats:
    """Return the probabilities (shown,) of each fold by what was fitted to the scores of the others."""
    probabilities = np.zeros(len(scores))
    for fold in np.unique(folds):
        held = folds == fold
        probabilities[held] = fit(scores[~held], clicked[~held])(scores[held])
    return probabilities


def describe_calibration(
    calibrated: Calibrated, clicked: Flags, offsets: Integers, bootstrap: Bootstrap
) -> dict[str, Any]:
    """Return errors, and the groups of the first seed with the interval of their share of clicks, for JSON.

    `clicked` (shown,) and `offsets` are of the measured impressions, `bootstrap` resamples their readers.
    """
    ways = {}
    for name, note in NOTES.items():
        runs = [calibration_error(ours, clicked) for ours in calibrated.probabilities[name]]
        held_out = calibrated.held_out[name]
        ways[name] = {
            "error": round(float(np.mean(runs)), 4),
            "held_out_error": round(float(np.mean(held_out)), 4),
            "runs": [{"error": one, "held_out_error": other} for one, other in zip(runs, held_out, strict=True)],
            "note": note,
            "groups": _groups(calibrated.probabilities[name][0], clicked, offsets, bootstrap),
        }
    return {"bins": BINS, "folds": FOLDS, "definition": DEFINITION, "ways": ways}


def _groups(probability: Floats, clicked: Flags, offsets: Integers, bootstrap: Bootstrap) -> list[dict[str, float]]:
    owners = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    found = []
    for group in equal_groups(probability):
        if len(group):
            counts = np.stack([np.bincount(owners[group], part, len(offsets) - 1) for part in (clicked[group], None)])
            found.append(
                {"probability": float(probability[group].mean()), "shown": len(group)}
                | _share(counts.astype(np.float64).T, bootstrap)
            )
    return found


def _share(counts: Floats, bootstrap: Bootstrap) -> dict[str, float]:
    """Return the share of clicks with its interval, from clicks and shown articles of impressions (impressions, 2)."""
    clicks, shown = bootstrap.means(counts).T
    low, high = np.percentile(clicks[shown > 0] / shown[shown > 0], [2.5, 97.5])
    return {"mean": float(counts[:, 0].sum() / counts[:, 1].sum()), "low": float(low), "high": float(high)}
