"""The learned fusion measured beside the signals that it fuses: each alone, all together, and all but one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from broadsheet.corpus.impressions import Impression, Split
from broadsheet.errors import CorpusError
from broadsheet.evaluation.settings import Setting, content_only, live
from broadsheet.metrics.calibration import calibration_error
from broadsheet.metrics.ebnerd import ebnerd_ranking
from broadsheet.metrics.ranking import Impressions
from broadsheet.offline.replay import SEEDS, Values, mean_of
from broadsheet.rerank.learned_fusion import FusionRecipe, LearnedFusion, Lists, fit_fusion
from broadsheet.rerank.signals import present
from broadsheet.tables.arrays import Floats
from broadsheet.training.fusion import make_lists, usable
from broadsheet.workbench.workbench import Workbench

FUSION, ENSEMBLE, LIGHTGBM = "learned fusion", "learned fusion, ensemble of seeds", "LightGBM on counters"
COUNTED = ("popularity", "click_rate", "trend", "freshness")
"""What LightGBM on counters reads: the same for all readers."""

Request = tuple[Workbench, list[Impression]]
"""Impressions, and a workbench that knows of others' clicks and lists what the setting says."""


@dataclass(frozen=True)
class Fused:
    """The rows about the fusion."""

    rows: dict[str, Values]
    notes: dict[str, str]
    runs: dict[str, list[dict[str, float]]]
    "The means of each seed."
    scores: dict[str, list[Floats]]
    "Of each main row one array for each seed, one score for each shown article. (shown,)"
    learned: list[LearnedFusion]
    "One for each seed."
    figures: dict[str, float | dict[str, str]]
    "What it learned from, and how far its probabilities are off."

    @property
    def comparisons(self) -> list[tuple[str, str]]:
        """The ensemble and the fusion without each signal, against the fusion."""
        counted = [(FUSION, LIGHTGBM)] if LIGHTGBM in self.rows else []
        return [
            (ENSEMBLE, FUSION),
            *counted,
            *((FUSION, row) for row in self.rows if row.startswith(f"{FUSION} without")),
        ]


def requests_of(bench: Workbench, split: Split, *, lent: bool) -> list[Request]:
    """Return the rankable impressions of a split, content-only; with `lent` live, once for each of three halvings.

    Raises CorpusError if there are none.
    """
    settings = [live(bench.data, split, seed) for seed in SEEDS] if lent else [content_only(bench.data, split)]
    found = [(knowing(bench, one), [other for other in one.impressions if other.rankable]) for one in settings]
    if not all(part for _, part in found):
        raise CorpusError(
            f"split {split.name!r}: no impression shows both a clicked article and another, with text"
            f"{', in one half of its readers' if lent else ''}. Import news for it, or name another split."
        )
    return found


def knowing(bench: Workbench, setting: Setting) -> Workbench:
    """Return a workbench that shares all models and knows the setting's clicks and lists in place of the corpus's."""
    catalogue = bench.data.catalogue
    return bench.over(replace(bench.data, articles=catalogue, click_log=setting.clicks, showings=setting.exposures))


def lists_of(requests: Sequence[Request]) -> Lists:
    """Return the signals of all requests, laid end to end."""
    parts = [make_lists(view, impressions) for view, impressions in requests]
    return Lists(
        {name: np.concatenate([part.signals[name] for part in parts]) for name in parts[0].signals},
        np.concatenate([part.clicked for part in parts]),
        np.concatenate([part.lengths for part in parts]),
    )


def measure_fusion(learn: Lists, valid: Lists) -> Fused:
    """Learn on some lists, and measure on others; what depends on chance is the mean over SEEDS."""
    names, left = usable(learn)
    signals = {
        f"signal {name}": _measure(present(valid.signals[name]), valid)
        for name in names
        if np.isfinite(valid.signals[name]).any()
    }
    learned = [fit_fusion(learn, names, FusionRecipe(), (seed,)) for seed in SEEDS]
    together = LearnedFusion([fusion.boosters[0] for fusion in learned], tuple(names), learned[0].calibration)
    scores = {FUSION: [fusion(valid.signals) for fusion in learned], ENSEMBLE: [together(valid.signals)]}
    runs = [_measure(ours, valid) for ours in scores[FUSION]]
    rows = {**signals, FUSION: mean_of(runs), ENSEMBLE: _measure(scores[ENSEMBLE][0], valid)}
    if counted := [name for name in names if name in COUNTED]:
        free = FusionRecipe(monotone=False)
        scores[LIGHTGBM] = [fit_fusion(learn, counted, free, (seed,))(valid.signals) for seed in SEEDS]
        rows[LIGHTGBM] = mean_of([_measure(ours, valid) for ours in scores[LIGHTGBM]])
    rows |= dict(_ablations(learn, valid, names))
    notes = {f"signal {name}": "this signal alone; absent counts as 0" for name in names}
    notes |= {
        FUSION: "LambdaMART over the signals; mean over three seeds",
        ENSEMBLE: "the mean score of the three",
        LIGHTGBM: f"LambdaMART over those of {', '.join(COUNTED)} that the corpus has; mean over three seeds",
        **{_without(name): "the same, learned without this signal" for name in names},
    }
    errors = [
        calibration_error(fusion.probability(ours), valid.clicked)
        for fusion, ours in zip(learned, scores[FUSION], strict=True)
    ]
    figures: dict[str, float | dict[str, str]] = {
        "learned_from_impressions": len(learn.lengths),
        "learned_from_clicks": int(learn.clicked.sum()),
        "calibration_error": round(float(np.mean(errors)), 4),
        "left_out": left,
    }
    means = [{name: round(float(np.nanmean(values)), 4) for name, values in run.items()} for run in runs]
    notes = {name: note for name, note in notes.items() if name in rows}
    return Fused(rows, notes, {FUSION: means}, scores, learned, figures)


def _ablations(learn: Lists, valid: Lists, names: Sequence[str]) -> Iterator[tuple[str, Values]]:
    for name in names if len(names) > 1 else ():
        others = [other for other in names if other != name]
        runs = [_measure(fit_fusion(learn, others, FusionRecipe(), (seed,))(valid.signals), valid) for seed in SEEDS]
        yield _without(name), mean_of(runs)


def _without(name: str) -> str:
    return f"{FUSION} without {name}"


def _measure(scores: Floats, lists: Lists) -> Values:
    return ebnerd_ranking(Impressions(scores, lists.clicked, np.cumsum([0, *lists.lengths])))
