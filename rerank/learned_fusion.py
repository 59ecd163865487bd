"""Fusing signals by a learned ranker: LightGBM's LambdaMART (Burges 2010), trained on impressions.

Unless the recipe says otherwise, a higher signal never lowers the score: from few impressions, as a young newsroom has,
trees without this constraint would recognise single articles by the values of their signals.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from broadsheet.errors import ModelError
from broadsheet.models.trained_folder import Card, FolderKind, read_card, write_card
from broadsheet.rerank.platt import fit_platt, logistic
from broadsheet.rerank.signals import SIGNALS
from broadsheet.tables.arrays import Floats, Integers

if TYPE_CHECKING:
    from lightgbm import Booster, Dataset

KIND = FolderKind("train fusion")
EXPECTED: Mapping[str, Callable[[list[Any]], bool]] = {
    "signals": lambda names: all(isinstance(name, str) for name in names),
    "calibration": lambda line: len(line) == 2 and all(map(_is_finite, line)) and line[0] >= 0,
    "sha256": lambda hashes: all(isinstance(one, str) for one in hashes),
}
"""The lists of a card that scoring needs, each with a check that the list has the form that training writes."""
CARD_HOLDS = (
    "expected signals, names; calibration, a slope of 0 or more and an offset; sha256, a text for each ensemble"
)


@dataclass(frozen=True)
class Lists:
    """The signals of the shown articles of several impressions, one impression after the other."""

    signals: Mapping[str, Floats]
    "The values of each signal, (shown,); NaN where the signal is absent."
    clicked: np.ndarray[Any, np.dtype[np.bool_]]
    "Whether each shown article was clicked, (shown,)."
    lengths: np.ndarray[Any, np.dtype[np.int64]]
    "The number of articles that each impression showed, (impressions,)."


@dataclass(frozen=True)
class FusionRecipe:
    """The settings of a training; the defaults were chosen by cross-validation on a day of MIND's training set."""

    trees: int = 60
    leaves: int = 4
    learning_rate: float = 0.05
    least_in_leaf: int = 50
    seed: int = 0
    monotone: bool = True


@dataclass(frozen=True)
class LearnedFusion:
    """A fusion of signals by ensembles of trees, whose scores are averaged; safe to call from several threads."""

    boosters: Sequence[Booster]
    signals: tuple[str, ...]
    calibration: tuple[float, float]
    "Slope and offset of the logistic function that makes a score a probability (Platt 1999)."

    def __call__(self, signals: Mapping[str, Floats]) -> Floats:
        """Return scores (candidates,), higher is better, from signals (candidates,); NaN means an absent signal."""
        if not len(values := _matrix(signals, self.signals)):
            return np.zeros(0)
        scores: Floats = np.mean([booster.predict(values, num_threads=1) for booster in self.boosters], axis=0)
        return scores

    def contributions(self, signals: Mapping[str, Floats], lengths: Sequence[int] | Integers) -> dict[str, Floats]:
        """Return by how much each signal lifts each candidate's score above the mean of its list, as (candidates,).

        The lists of several readers are laid end to end; `lengths` has the number of candidates of each. The values are
        the SHAP values of the trees (Lundberg et al. 2020), less their mean over the list. For each candidate they sum
        to its score less the mean score.
        """
        values = _matrix(signals, self.signals)
        if not len(values):
            return {name: np.zeros(0) for name in signals}
        parts = [booster.predict(values, num_threads=1, pred_contrib=True) for booster in self.boosters]
        mean = np.mean(parts, axis=0)[:, :-1]  # (candidates, signals); the last column is the same for every candidate
        counts = np.array([length for length in lengths if length], np.int64)
        sums = np.add.reduceat(mean, np.cumsum(counts) - counts, axis=0)
        lifts = dict(zip(self.signals, (mean - np.repeat(sums / counts[:, None], counts, axis=0)).T, strict=True))
        return {name: lifts.get(name, np.zeros(len(values))) for name in signals}

    def probability(self, scores: Floats) -> Floats:
        """Return for each score the probability that a shown article with this score is clicked, 0 to 1."""
        return logistic(scores, self.calibration)


def fit_fusion(lists: Lists, names: Sequence[str], recipe: FusionRecipe, seeds: Sequence[int] = (0,)) -> LearnedFusion:
    """Train on impressions, with the signals `names`, an ensemble of trees for each seed; deterministic.

    The calibration is fitted to the same impressions; `calibrate` fits it to other impressions.
    """
    import lightgbm

    data = _data(lists, names)
    boosters = [lightgbm.train(_parameters(recipe, seed, len(names)), data, recipe.trees) for seed in seeds]
    return calibrate(LearnedFusion(boosters, tuple(names), (1.0, 0.0)), lists)


def more_trees(fusion: LearnedFusion, lists: Lists, recipe: FusionRecipe) -> LearnedFusion:
    """Return the fusion with `recipe.trees` more trees in each ensemble, learned from other impressions."""
    import lightgbm

    boosters = []
    for seed, booster in enumerate(fusion.boosters):
        data = _data(
            lists, fusion.signals
        )  # its own for each ensemble: it holds the scores of the trees that are there
        parameters = _parameters(recipe, seed, len(fusion.signals))
        boosters.append(lightgbm.train(parameters, data, recipe.trees, init_model=booster))
    return calibrate(LearnedFusion(boosters, fusion.signals, fusion.calibration), lists)


def _data(lists: Lists, names: Sequence[str]) -> Dataset:
    from lightgbm import Dataset

    return Dataset(
        _matrix(lists.signals, names),
        label=lists.clicked.astype(np.int32),
        group=lists.lengths,
        feature_name=list(names),
        free_raw_data=False,
        params={"verbosity": -1},
    )


def _parameters(recipe: FusionRecipe, seed: int, count: int) -> dict[str, Any]:
    return {
        "objective": "lambdarank",
        "num_leaves": recipe.leaves,
        "learning_rate": recipe.learning_rate,
        "min_data_in_leaf": recipe.least_in_leaf,
        "lambdarank_truncation_level": 20,
        "monotone_constraints": [int(recipe.monotone)] * count,
        "feature_fraction": 0.6,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,  # FAISS and torch bring threads of their own
        "verbosity": -1,
    }


def calibrate(fusion: LearnedFusion, lists: Lists) -> LearnedFusion:
    """Return the fusion with the slope (0 or more) and offset under which these clicks are most likely."""
    return LearnedFusion(fusion.boosters, fusion.signals, fit_platt(fusion(lists.signals), lists.clicked))


def _matrix(signals: Mapping[str, Floats], names: Sequence[str]) -> Floats:
    """Return the signals as columns (candidates, signals); an infinite value becomes NaN, which means absent."""
    values = np.stack([np.asarray(signals[name], np.float64) for name in names], axis=1)
    return np.where(np.isfinite(values), values, np.nan)


def save_fusion(fusion: LearnedFusion, folder: Path, card: Mapping[str, Any]) -> None:
    """Write the trees, in LightGBM's text format, and the card into a new folder."""
    folder.mkdir(parents=True)
    texts = [booster.model_to_string() for booster in fusion.boosters]
    for number, text in enumerate(texts):
        (folder / f"trees-{number}.txt").write_text(text, "utf-8")
    document = {
        **card,
        "signals": list(fusion.signals),
        "calibration": list(fusion.calibration),
        "sha256": [_sha256(text) for text in texts],
    }
    write_card(folder, document)


def load_fusion(folder: Path, known: Sequence[str] = SIGNALS) -> LearnedFusion:
    """Load a fusion that `save_fusion` wrote; `known` are the signals of this newsroom.

    Raises ModelError if a file is missing or was changed, or if the fusion was trained on a signal that is not `known`.
    """
    card = read_card(folder, KIND, problem=_problem, files=_files)
    signals, hashes = tuple(card["signals"]), card["sha256"]
    try:
        texts = [(folder / name).read_text("utf-8") for name in _files(card)]
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder}: the trees cannot be read ({error}). {KIND.expected}") from error
    damaged = [f"trees-{number}.txt" for number, text in enumerate(texts) if _sha256(text) != hashes[number]]
    if damaged:
        raise ModelError(f"{folder}: {', '.join(damaged)} changed since the training. {KIND.expected}")
    _require_signals(folder, signals, texts, known)
    boosters = _read_trees(folder, signals, texts)
    slope, offset = card["calibration"]
    return LearnedFusion(boosters, signals, (float(slope), float(offset)))


def _problem(card: Card) -> str:
    wrong = [name for name, sound in EXPECTED.items() if not (isinstance(card.get(name), list) and sound(card[name]))]
    shown = ", ".join(f"{name} is {json.dumps(card[name]) if name in card else 'missing'}" for name in wrong)
    return f"{shown}; {CARD_HOLDS}" if wrong else ""


def _files(card: Card) -> list[str]:
    return [f"trees-{number}.txt" for number in range(len(card["sha256"]))]


def _require_signals(folder: Path, signals: tuple[str, ...], texts: Sequence[str], known: Sequence[str]) -> None:
    unknown = [name for name in signals if name not in known]
    wrong = f"that needs the unknown signals {', '.join(unknown)}" if unknown else "without trees"
    if unknown or not texts:
        raise ModelError(
            f"{folder}: found a fusion {wrong}; expected trees over signals of this newsroom: {', '.join(known)}. "
            "Train it again: `broadsheet train fusion`."
        )


def _read_trees(folder: Path, signals: tuple[str, ...], texts: Sequence[str]) -> list[Booster]:
    from lightgbm import Booster
    from lightgbm.basic import LightGBMError

    try:
        boosters = [Booster(model_str=text) for text in texts]
    except (LightGBMError, ValueError) as error:
        raise ModelError(f"{folder}: LightGBM cannot read the trees ({error}). {KIND.expected}") from error
    for booster in boosters:
        if tuple(booster.feature_name()) != signals:
            raise ModelError(
                f"{folder}: the trees read {', '.join(booster.feature_name())}, the card says {', '.join(signals)}. "
                f"{KIND.expected}"
            )
    return boosters


def _is_finite(number: Any) -> bool:  # noqa: ANN401
    return isinstance(number, int | float) and math.isfinite(number)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
