"""The score by which a page is ranked, of what held-out impressions show: with the champions and with challengers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from broadsheet.corpus.impressions import Impression
from broadsheet.offline.signals import scores_by
from broadsheet.rerank.attentive_scorer.inputs import count_columns
from broadsheet.rerank.signals import fuse
from broadsheet.tables.arrays import Floats
from broadsheet.training.fusion import make_lists
from broadsheet.workbench.workbench import Workbench

if TYPE_CHECKING:
    from broadsheet.rerank.attentive_scorer.scorer import TrainedScorer
    from broadsheet.rerank.learned_fusion import LearnedFusion, Lists


MINUTES = 30
"""The signals of an impression are as of the last full half hour: each moment costs a count of all clicks."""


def at_few_moments(impressions: Sequence[Impression]) -> list[Impression]:
    """Return the impressions as of the last full half hour before each; what was clicked since is not counted."""
    step = 60 * MINUTES
    return [replace(one, time=datetime.fromtimestamp(one.time.timestamp() // step * step, UTC)) for one in impressions]


class PageScores:
    """Scores of what some impressions show; the signals that stay the same are computed once."""

    def __init__(self, bench: Workbench, impressions: Sequence[Impression]) -> None:
        """Compute the signals with the champions."""
        self._bench, self._impressions = bench, at_few_moments(impressions)
        self._lists: Lists = make_lists(bench, self._impressions)

    def champion(self) -> Floats:
        """Return the scores by the models in use, (shown,)."""
        return self._fused(self._bench.models.fusion)

    def challenger(
        self, towers: Floats | None, attention: TrainedScorer | None, fusion: LearnedFusion | None
    ) -> Floats:
        """Return the scores with other models, (shown,); None leaves a model as it is.

        `towers` are the scores of the user tower that learned on, (shown,).
        """
        signals = dict(self._lists.signals)
        if towers is not None:
            known = np.isfinite(signals["two_tower"])  # a reader without a history has no such signal
            signals["two_tower"] = np.where(known, towers, np.nan)
        if attention is not None:
            ends = np.cumsum(self._lists.lengths)[:-1]
            counts = np.split(count_columns(self._lists.signals), ends)
            found = scores_by(attention, self._bench, self._impressions, counts)
            signals["attention"] = np.where(np.isfinite(signals["attention"]), found, np.nan)
        return self._fused(fusion or self._bench.models.fusion, signals)

    def _fused(self, fusion: LearnedFusion | None, signals: dict[str, Floats] | None = None) -> Floats:
        found = signals or dict(self._lists.signals)
        return fuse(found, self._bench.models.signal_weights) if fusion is None else fusion(found)
