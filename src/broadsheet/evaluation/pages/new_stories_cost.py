"""What it costs to bring new stories to readers: nDCG of what was shown, and clicks that the candidates hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow.compute as pc

from broadsheet.corpus.impressions import Impression, Split
from broadsheet.evaluation.pages.policies import measure_policy, read_shown
from broadsheet.evaluation.report.document import SAMPLES, differences_of
from broadsheet.metrics.intervals import Bootstrap
from broadsheet.offline.replay import Values, readers_as_of
from broadsheet.offline.signals import impression_signals
from broadsheet.progress import track
from broadsheet.rerank.newest import not_judged
from broadsheet.rerank.signals import fuse
from broadsheet.tables.arrays import Floats
from broadsheet.workbench.workbench import Workbench

NOW, WITHOUT, BEFORE = "as it is", "no kept places", "as it was"
NOTES = {
    NOW: "this newsroom's settings",
    WITHOUT: "`newest_places = 0`",
    BEFORE: "no kept places, a half-life of freshness of 72 hours, and no weight of `trend`",
}
HALF_LIFE = 72.0
NDCG = "ndcg@10"
TOGETHER = 12
"""Impressions whose candidates are found together, as of the first one's time: what depends on a time is costly."""
QUOTAS = {"with quotas": True, "without quotas": False}


def measure_cost(bench: Workbench, split: Split, count: int) -> dict[str, Any]:
    """Return nDCG@10 of what impressions of a split showed, ranked anew, and the share of clicks among candidates.

    `count` impressions are drawn by a seed for nDCG, and as many in groups of TOGETHER for the candidates.
    """
    impressions = [one for one in split.impressions if one.rankable]
    drawn = np.sort(np.random.default_rng(0).permutation(len(impressions))[:count])
    chosen = [impressions[place] for place in drawn]
    rows = _ranked_anew(bench, chosen)
    bootstrap = Bootstrap([one.user_id for one in chosen], np.random.default_rng(0), SAMPLES)
    return {
        "split": split.name,
        "impressions": len(chosen),
        "rows": {name: bootstrap.intervals(values) for name, values in rows.items()},
        "differences": differences_of(bootstrap, rows, [(NOW, WITHOUT), (NOW, BEFORE)], [NDCG]),
        "candidates": _clicks_found(bench, impressions, count),
        "notes": NOTES,
    }


def _ranked_anew(bench: Workbench, impressions: Sequence[Impression]) -> dict[str, Values]:
    signals = list(impression_signals(bench, impressions))
    settings, weights = bench.models.config, bench.models.signal_weights
    exponent = settings.rerank.half_life_hours / HALF_LIFE
    slow = [one | {"freshness": one["freshness"] ** exponent} for one in signals]
    rows: dict[str, Values] = {}
    for name, found, weighed in ((NOW, signals, weights), (BEFORE, slow, weights | {"trend": 0.0})):
        scores = np.concatenate([fuse(one, weighed) for one in found])
        shown = read_shown(bench.data.catalogue, impressions, scores, settings.retrieval.history)
        items = [replace(one, newest=not_judged(of)[None]) for one, of in zip(shown.items, signals, strict=True)]
        shown, unhelped = replace(shown, items=items), replace(bench.policy, newest=0.0)
        rows[name] = _only(measure_policy(shown, bench.policy if name == NOW else unhelped))
        if name == NOW:
            rows[WITHOUT] = _only(measure_policy(shown, unhelped))
    return rows


def _only(values: Mapping[str, Floats]) -> Values:
    return {NDCG: values[NDCG]}


def _clicks_found(bench: Workbench, impressions: Sequence[Impression], count: int) -> dict[str, Any]:
    """Return the mean share of an impression's clicks among all candidates, and among the re-ranked candidates."""
    depth, groups = bench.models.config.rerank.depth, max(1, min(count, len(impressions)) // TOGETHER)
    starts = np.sort(np.random.default_rng(1).choice(max(1, len(impressions) - TOGETHER), groups, replace=False))
    retrievers = {
        name: bench.make_retriever(bench.models.source_weights, quotas=quotas) for name, quotas in QUOTAS.items()
    }
    shares: dict[str, list[tuple[float, float]]] = {name: [] for name in QUOTAS}
    for start in track(starts.tolist(), "Finding candidates", total=len(starts)):
        group = impressions[start : start + TOGETHER]
        readers = readers_as_of(bench.data, group)
        vectors = bench.retriever.vectors(readers)
        for name, retriever in retrievers.items():
            found = retriever(readers, vectors, group[0].time)
            for one, reader in zip(group, readers, strict=True):
                own = found.filter(pc.equal(found.column("user_id"), reader.user_id)).column("news_id").to_pylist()
                clicked = {news_id for news_id, hit in zip(one.shown, one.clicked, strict=True) if hit}
                shares[name].append(
                    (len(clicked & {*own[:depth]}) / len(clicked), len(clicked & {*own}) / len(clicked))
                )
    names = (f"first {depth}", f"all {bench.models.config.retrieval.candidates}")
    return {name: dict(zip(names, np.mean(values, axis=0).tolist(), strict=True)) for name, values in shares.items()}
