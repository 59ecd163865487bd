"""Retrieval measured on impressions over the whole catalogue: Recall@k and nDCG@k of the articles that were clicked.

Every article that the reader has not read competes; none is sampled. Recall is |hits| / |relevant|, not capped at k.
How well an approximate index finds what an exact search finds is a matter of its own: see `index_recall`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from broadsheet.evaluation import (
    POPULARITY,
    RANDOM,
    TOWERS,
    ClicksBefore,
    Impression,
    Integers,
    Values,
    blocks,
    mean_over_seeds,
    states,
)
from broadsheet.metrics import Retrieved
from broadsheet.tables import read_stamp, vectors_to_numpy
from broadsheet.workbench import Workbench

RETRIEVER = "retriever"
DEPTHS = (10, 50, 100)
"""The k of each metric."""

NOTES = {
    RANDOM: "articles drawn at random; mean of three seeds",
    POPULARITY: "most clicks strictly before the impression; ties in random order, mean of three seeds",
    TOWERS: "nearest to the untrained towers' user vector, through the index; nothing for a reader without a history",
    RETRIEVER: "candidates as the pipeline takes them",
}
"""What each row is."""

Lists = list[list[str]]
"""One list of article ids an impression, best first."""


def retrieval_rows(bench: Workbench, impressions: Sequence[Impression]) -> dict[str, Values]:
    """Return recall@k and ndcg@k of each impression for k in DEPTHS, for each row compared, the simplest first."""
    relevant = pa.array([impression.relevant for impression in impressions], pa.list_(pa.string()))

    def measure(lists: Lists) -> Values:
        found = Retrieved(pa.array(lists, pa.list_(pa.string())), relevant)
        recall = {f"recall@{k}": found.recall_at(k) for k in DEPTHS}
        return recall | {f"ndcg@{k}": found.ndcg_at(k) for k in DEPTHS}

    return {
        RANDOM: mean_over_seeds(lambda rng: measure(_random(bench, impressions, rng))),
        POPULARITY: mean_over_seeds(lambda rng: measure(_popular(bench, impressions, rng))),
        TOWERS: measure(_nearest(bench, impressions)),
        RETRIEVER: measure(_candidates(bench, impressions)),
    }


def index_recall(bench: Workbench, impressions: Sequence[Impression]) -> dict[str, float] | None:
    """Return the share of the exact k nearest articles that the index finds, for k in DEPTHS; None if it is exact.

    Measured with the vectors of real readers; those without a history are left out.
    """
    if read_stamp(bench.edition.index_rows)["kind"] == "flat":
        return None
    depths = [min(k, len(bench.catalogue)) for k in DEPTHS]
    shares: dict[int, list[float]] = {k: [] for k in DEPTHS}
    for block in blocks(impressions, "Searching exactly"):
        vectors = vectors_to_numpy(bench.retriever.vectors(states(block)))
        vectors = vectors[vectors.any(axis=1)]
        exact = np.argsort(-(vectors @ bench.catalogue.vectors.T), axis=1, kind="stable")[:, : max(depths)]
        _, found = bench.index(vectors, max(depths))
        for k, depth in zip(DEPTHS, depths, strict=True):
            pairs = zip(found[:, :depth], exact[:, :depth], strict=True)
            shares[k] += [len(np.intersect1d(ours, best)) / depth for ours, best in pairs]
    return {f"recall@{k}": float(np.mean(values)) for k, values in shares.items() if values}


def _random(bench: Workbench, impressions: Sequence[Impression], rng: np.random.Generator) -> Lists:
    size = len(bench.catalogue)
    lists = []
    for impression in impressions:
        read = bench.catalogue.rows(impression.history)
        drawn = rng.choice(size, min(size, max(DEPTHS) + len(read)), replace=False)
        lists.append(_unread(bench, drawn, read))
    return lists


def _popular(bench: Workbench, impressions: Sequence[Impression], rng: np.random.Generator) -> Lists:
    clicks_before, ties = ClicksBefore(bench), rng.random(len(bench.catalogue))
    order, time = np.zeros(0, np.int64), None
    lists = []
    for impression in impressions:
        if impression.time != time:
            time = impression.time
            order = np.argsort(-(clicks_before(time) + ties))
        read = bench.catalogue.rows(impression.history)
        lists.append(_unread(bench, order[: max(DEPTHS) + len(read)], read))
    return lists


def _nearest(bench: Workbench, impressions: Sequence[Impression]) -> Lists:
    lists: Lists = []
    for block in blocks(impressions, "Searching the index"):
        vectors = vectors_to_numpy(bench.retriever.vectors(states(block)))
        read = [bench.catalogue.rows(impression.history) for impression in block]
        depth = min(len(bench.catalogue), max(DEPTHS) + max(map(len, read)))
        _, found = bench.index(vectors, depth)
        for vector, rows, known in zip(vectors, found, read, strict=True):
            lists.append(_unread(bench, rows[rows >= 0], known) if vector.any() else [])
    return lists


def _candidates(bench: Workbench, impressions: Sequence[Impression]) -> Lists:
    lists: Lists = []
    depth = max(DEPTHS)
    for block in blocks(impressions, "Retrieving", one_time=True):
        users = states(block)
        found = bench.retriever(users, bench.retriever.vectors(users), block[0].time, k=depth)
        by_user: dict[str, list[str]] = {user_id: [] for user_id in users.column("user_id").to_pylist()}
        pairs = zip(found.column("user_id").to_pylist(), found.column("news_id").to_pylist(), strict=True)
        for user_id, news_id in pairs:  # rank 1 first
            by_user[user_id].append(news_id)
        lists += [news_ids[:depth] for news_ids in by_user.values()]
    return lists


def _unread(bench: Workbench, rows: Integers, read: Sequence[int]) -> list[str]:
    """Return the first ids of an order of rows, without what was read."""
    ids: list[str] = bench.catalogue.ids(rows[~np.isin(rows, read)][: max(DEPTHS)]).to_pylist()
    return ids
