"""The benchmark of ranking put together: every row of a split's impressions, and the learned fusion."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from broadsheet.corpus.impressions import Impression, Split, read_split
from broadsheet.evaluation.ranking.cross_encoders import open_cross_encoders
from broadsheet.evaluation.ranking.findings import RankingFindings, gather, with_fusion
from broadsheet.evaluation.ranking.fusion import Request, requests_of
from broadsheet.evaluation.ranking.rows import join, measure_ranking, with_rankers
from broadsheet.evaluation.retrieval.lists import Bm25
from broadsheet.offline.workbenches import Labelled, open_bench, open_trained
from broadsheet.progress import Say
from broadsheet.tables.arrays import Floats
from broadsheet.workbench.workbench import Workbench

Rankers = Callable[[Sequence[Impression]], dict[str, list[Floats]]]
"""Scores impressions by rankers of other authors: of each row an array for each seed, laid end to end (shown,)."""


def measure_split(
    bench: Workbench,
    split: Split,
    towers: Sequence[Labelled],
    cross_encoders: Sequence[Labelled],
    say: Say,
    *,
    fusion: str | None = None,
    live: bool = False,
    rankers: Rankers | None = None,
    attention: Sequence[Labelled] = (),
) -> tuple[RankingFindings, list[Request]]:
    """Measure chance, popularity, BM25, towers, cross-encoders, the pipeline, each signal and the learned fusion.

    `towers`, `cross_encoders` and `attention` (scorers) are models beside the newsroom's own. `fusion` names the split
    to learn the fusion from. `live` lets half of the readers lend what they clicked and were shown. `rankers` scores
    impressions by rankers of other authors. Returns the findings, and the requests that they are of: a single one
    unless `live`.
    """
    room = bench.data.newsroom
    relevant, words = open_cross_encoders(bench.models, cross_encoders, say), Bm25(bench.data)
    untrained = open_bench(room, say, towers="untrained")
    requests = requests_of(bench, split, lent=live)
    found = join(
        [
            measure_ranking(view, untrained, open_trained(room, towers, say), part, relevant, words, attention)
            for view, part in requests
        ]
    )
    if rankers:
        parts = [rankers(part) for _, part in requests]
        found = with_rankers(found, {row: _laid_together([part[row] for part in parts]) for row in parts[0]})
    findings = gather(found, requests, live=live)
    if fusion:
        learn = requests_of(bench, read_split(bench.data.newsroom, bench.data.catalogue, fusion), lent=live)
        findings = with_fusion(findings, found, requests, fusion, learn)
    return findings, requests


def _laid_together(parts: Sequence[list[Floats]]) -> list[Floats]:
    return [np.concatenate(seed) for seed in zip(*parts, strict=True)]
