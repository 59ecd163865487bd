"""Choosing the weights of the candidate sources for trained towers, as the last step of their training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from broadsheet.build import prepare_vectors
from broadsheet.config import SourceWeights
from broadsheet.evaluation import Impression, blocks, read_split, states
from broadsheet.newsroom import Newsroom, write_json
from broadsheet.retrieval import Retriever
from broadsheet.source_tuning import Pool, make_pools, mean_recall, tune_sources
from broadsheet.workbench import Workbench

LIMIT = 500
"""Impressions that the weights are chosen on."""


def tune_weights(newsroom: Newsroom, towers: Path, split: str, report: Callable[[str], None]) -> str:
    """Write the weights that find most of a split's clicks into the folder of towers; returns what they reach.

    The vectors and the index are made for these towers first, where they are not there; the next build takes them over.
    """
    from broadsheet.retrieval.towers import SOURCE_WEIGHTS

    config = newsroom.config()
    config = replace(config, retrieval=replace(config.retrieval, towers=str(towers.resolve())))
    bench = prepare_vectors(newsroom, report, config)
    pools = _pools(bench, [one for one in read_split(bench, split).impressions if one.relevant][:LIMIT])
    start = vars(SourceWeights())
    weights = tune_sources(pools, start)
    write_json(towers / SOURCE_WEIGHTS, weights)
    shown = ", ".join(f"{name} {weight:g}" for name, weight in weights.items())
    before, after = mean_recall(pools, start), mean_recall(pools, weights)
    return f"weights of the sources: {shown} (recall on {split} {after:.4f}, {before:.4f} by the default ones)"


def _pools(bench: Workbench, impressions: list[Impression]) -> list[Pool]:
    retrievers: dict[str, Retriever] = {}

    def make(weights: Mapping[str, float]) -> Retriever:
        name = ",".join(weights)  # one source alone
        if name not in retrievers:
            retrievers[name] = bench.make_retriever(weights=weights)
        return retrievers[name]

    pools: list[Pool] = []
    for block in blocks(impressions, "Choosing the weights of the sources", one_time=True):
        pools += make_pools(make, states(block), block[0].time, [one.relevant for one in block])
    return pools
