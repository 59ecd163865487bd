"""The findings of the ranking benchmark: the rows, the variety of their first places, and true probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from broadsheet.evaluation.ranking.beyond_accuracy import measure_beyond, read_served
from broadsheet.evaluation.ranking.calibration import Calibrated, measure_calibration
from broadsheet.evaluation.ranking.fusion import FUSION, Request, lists_of, measure_fusion
from broadsheet.evaluation.ranking.rows import Ranking, notes_of
from broadsheet.evaluation.ranking.scores import CROSS_ENCODER
from broadsheet.evaluation.retrieval.measure import Measured, reader_slices
from broadsheet.offline.replay import Values
from broadsheet.tables.arrays import Flags, Floats, Integers
from broadsheet.training.fusion_recipe import folds_of


@dataclass(frozen=True)
class RankingFindings:
    """The metrics of each row compared, by impression, and what they were measured on.

    Main rows are those that rank by something of their own: not single signals, nor the fusion without one.
    """

    rows: Mapping[str, Values]
    notes: Mapping[str, str]
    "Description of each row."
    comparisons: list[tuple[str, str]]
    "Rows whose difference is reported: the first minus the second."
    users: list[str]
    "The reader of each impression, whole readers being resampled for the intervals."
    remarks: list[str]
    "Notes that the report's reader must know, in sentences."
    runs: Mapping[str, list[dict[str, float]]]
    "For rows of several seeds, the means of each."
    towers: Sequence[dict[str, Any]]
    "The trained towers; see describe_towers."
    cross_encoders: Sequence[dict[str, Any]]
    "Cross-encoders beside the pipeline's own; see Trained.describe."
    scores: Mapping[str, Sequence[Floats]]
    "Of each main row one array for each seed, one score for each shown article, laid end to end. (shown,)"
    beyond: Mapping[str, Measured]
    "Metrics of the first places of each main row, beyond accuracy."
    slices: Mapping[str, Flags]
    "Parts of the impressions. (impressions,)"
    clicked: Flags
    "Which of the shown articles were clicked. (shown,)"
    offsets: Integers
    "Where each impression starts; last, where the last one ends. (impressions + 1,)"
    calibrated: Calibrated | None = None
    "Probabilities of the learned fusion, where there is one."


def gather(found: Ranking, requests: Sequence[Request], *, live: bool) -> RankingFindings:
    """Return what ranking the requests' impressions by all rows found."""
    impressions = [impression for _, part in requests for impression in part]
    remarks = ["Measured: impressions that keep both a click and another article, with text."]
    if CROSS_ENCODER not in found.rows:
        remarks.append(f"The row {CROSS_ENCODER!r} is left out, and the pipeline ranks without it: none was trained.")
    if live:
        remarks.append("Half of the readers lend their clicks and lists, the others are measured; three halvings.")
    return RankingFindings(
        found.rows,
        notes_of(found.rows, found.rankers),
        found.comparisons,
        [impression.user_id for impression in impressions],
        remarks,
        found.runs,
        found.towers,
        found.cross_encoders,
        found.scores,
        measure_beyond(found.scores, read_served(requests)),
        reader_slices(impressions),
        found.clicked,
        found.offsets,
    )


def with_fusion(
    findings: RankingFindings, found: Ranking, requests: Sequence[Request], split: str, learn: Sequence[Request]
) -> RankingFindings:
    """Return the findings with the rows of the fusion learned from the requests `learn` of a split."""
    readers = [impression.user_id for _, part in learn for impression in part]
    folds_of(readers)  # too few readers are an error before the long work
    lists, valid = lists_of(learn), lists_of(requests)
    fused = measure_fusion(lists, valid)
    return replace(
        findings,
        rows={**findings.rows, **fused.rows},
        notes={**findings.notes, **fused.notes},
        comparisons=findings.comparisons + found.against(FUSION) + fused.comparisons,
        remarks=[*findings.remarks, _learned_from(split, fused.figures)],
        runs={**findings.runs, **fused.runs},
        scores={**findings.scores, **fused.scores},
        beyond={**findings.beyond, **measure_beyond(fused.scores, read_served(requests))},
        calibrated=measure_calibration(fused.learned, lists, readers, valid),
    )


def _learned_from(split: str, figures: Mapping[str, Any]) -> str:
    left = ", ".join(f"{name} ({why})" for name, why in figures["left_out"].items()) or "none"
    return (
        f"The fusion learned from {split}: {figures['learned_from_impressions']:,} impressions with "
        f"{figures['learned_from_clicks']:,} clicks. Signals left out: {left}."
    )
