"""How far each signal lifts an article of a reader's list: by the weights, or by the learned fusion."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from broadsheet.readers.state import ReaderState
from broadsheet.tables.arrays import Floats
from broadsheet.tables.own_scores import score_column
from broadsheet.tables.schemas import SIGNALS
from broadsheet.workbench.workbench import Workbench


class Signal(NamedTuple):
    """A signal of an article."""

    name: str
    value: float | None
    "None where it cannot be known."
    weight: float | None
    "The weight in the sum; None where a learned fusion or a re-ranker of the site's own takes the place of weights."
    lift: float | None
    "By how much it lifts the article's score above the mean of the list; None under a re-ranker of the site's own."


def signals_of(bench: Workbench, reader: ReaderState, ranked: pa.Table, place: int) -> list[Signal]:
    """Return the signals of the article at a place of a reader's RANKED table, the largest lift first."""
    from broadsheet.rerank.signals import contributions
    from broadsheet.rerank.weights import weights_for

    own, fusion = bench.models.own, bench.models.fusion
    names = [*SIGNALS, *own.signals]
    values = {name: np.asarray(score_column(ranked, name), np.float64)[None] for name in names}  # (1, items)
    settings = vars(bench.models.config.rerank.weights)
    weights = {name: settings[name] for name in SIGNALS} | {name: one.weight for name, one in own.signals.items()}
    by_weight = {name: float(one[0, 0]) for name, one in weights_for([reader], weights).items()}
    if own.reranker is not None:
        return [Signal(name, _known(values[name][0, place]), None, None) for name in names]
    if fusion is not None and not reader.only_spoke:
        flat = {name: one[0] for name, one in values.items()}
        lifts: dict[str, Floats] = dict(fusion.contributions(flat, np.array([len(ranked)])))
        found = [Signal(name, _known(values[name][0, place]), None, float(lifts[name][place])) for name in names]
    else:
        lifts = {name: one[0] for name, one in contributions(values, weights_for([reader], weights)).items()}
        found = [
            Signal(name, _known(values[name][0, place]), by_weight[name], float(lifts[name][place])) for name in names
        ]
    return sorted(found, key=lambda one: -(one.lift or 0.0))


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
