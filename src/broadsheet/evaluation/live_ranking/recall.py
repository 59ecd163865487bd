"""Recall in the live pool at each delay of the counters: each source of candidates alone, and all together.

The pool of a request is what was published, or first appeared, in the hours before it, without what the reader has
read. Recall@k is the share of the request's clicks among the first k; a click on an article outside the pool is missed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from broadsheet.corpus.impressions import Impression
from broadsheet.evaluation.live_ranking.delays import moments_of
from broadsheet.offline.counters import CO_CLICK_SECONDS, RunningCounters
from broadsheet.offline.replay import Values, blocks, readers_as_of
from broadsheet.retrieval import interest_vectors
from broadsheet.retrieval.sources.co_click import LastCoClicks
from broadsheet.retrieval.sources.fusion import fuse, with_quotas
from broadsheet.retrieval.sources.popularity_freshness import freshness_scores, half_lives
from broadsheet.tables.arrays import Floats, Rows, Vectors
from broadsheet.tables.schemas import SOURCES
from broadsheet.workbench.workbench import Workbench

POOL_HOURS = 48.0
"""An article is in the pool for as long after it was published."""
DEPTHS = (10, 20, 50, 100, 200)
ALL = "all sources"
NOTES = {
    "two_tower": "the articles nearest to the reader",
    "popularity": "the most clicked",
    "freshness": "the newest",
    "co_click": "what those clicked who clicked the history",
    ALL: "all sources with the newsroom's weights and quotas",
}
"""What each row proposes."""
REACHABLE = "reachable"
"""The share of the clicks whose article is in the pool."""


def measure_recall(bench: Workbench, requests: Sequence[Impression]) -> dict[str, dict[str, Values]]:
    """Return recall@k of DEPTHS for each delay and row, and REACHABLE, of each request (requests,).

    Each request has a click on an article that its reader had not read.
    """
    interests = [
        vectors
        for block in blocks(requests, "Reading histories")
        for vectors in interest_vectors(bench.retriever.vectors(readers_as_of(bench.data, block)))
    ]
    return {delay: _measure(bench, requests, interests, moments) for delay, moments in moments_of(requests).items()}


def _measure(
    bench: Workbench, requests: Sequence[Impression], interests: Sequence[Vectors], moments: Floats
) -> dict[str, Values]:
    names = [f"recall@{k}" for k in DEPTHS]
    rows = (*SOURCES, ALL)
    found = {row: {name: np.zeros(len(requests)) for name in (*names, REACHABLE)} for row in rows}
    running, co_clicks = RunningCounters(bench.data), LastCoClicks(bench.data.clicks)
    hours = half_lives(bench.data.catalogue.category, bench.models.config.rerank.half_life_hours, {})
    for place in np.argsort(moments, kind="stable").tolist():
        one, moment = requests[place], float(moments[place])
        pool = _pool(bench, one)
        matrix = co_clicks(moment // CO_CLICK_SECONDS * CO_CLICK_SECONDS, size=len(bench.data.catalogue))
        scores = {
            "two_tower": (bench.data.catalogue.vectors_of(pool) @ interests[place].T).max(axis=1).astype(np.float64),
            "popularity": running(moment)["popularity"][pool],
            "freshness": freshness_scores(bench.data.catalogue.published_at[pool], one.time.timestamp(), hours[pool]),
            "co_click": matrix.pairs([np.array(one.history_rows, np.int64)], np.zeros(len(pool), np.int64), pool),
        }
        wanted = np.array(bench.data.catalogue.rows(one.relevant), np.int64)
        for row, listed in lists_of(bench, pool, scores).items():
            for k, name in zip(DEPTHS, names, strict=True):
                found[row][name][place] = np.isin(wanted, listed[:k]).mean()
            found[row][REACHABLE][place] = np.isin(wanted, pool).mean()
    return found


def lists_of(bench: Workbench, pool: Rows, scores: Mapping[str, Floats]) -> dict[str, Rows]:
    """Return what each source proposes of a pool, best first, and what all together do; `scores` are (pool,)."""
    most = max(DEPTHS)
    lists = {name: _best(values)[:most] for name, values in scores.items()}
    weights, quotas = bench.models.source_weights, vars(bench.models.config.retrieval.quotas)
    fused = np.argsort(-fuse(scores, weights), kind="stable")
    asked = {name: rows for name, rows in lists.items() if weights.get(name, 0.0) > 0 or quotas.get(name, 0.0) > 0}
    together = with_quotas(fused, asked, quotas, most)
    return {name: pool[places] for name, places in {**lists, ALL: together}.items()}


def _best(values: Floats) -> Rows:
    """Return the places of the known scores, best first."""
    order = np.argsort(-values, kind="stable")
    return order[np.isfinite(values[order])]


def _pool(bench: Workbench, one: Impression) -> Rows:
    catalogue, now = bench.data.catalogue, one.time.timestamp()
    with np.errstate(invalid="ignore"):
        there = (catalogue.published_at <= now) & (catalogue.published_at >= now - POOL_HOURS * 3600) & ~catalogue.gone
    there[one.history_rows] = False
    return np.flatnonzero(there)
