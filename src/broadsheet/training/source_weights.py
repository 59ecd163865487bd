"""The weights of the candidate sources: chosen on impressions to find most clicked articles, and stored as JSON.

The pool of an impression holds what each source proposes alone, with the scores of all sources. Any weights can then be
tried without asking the sources again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from broadsheet.config.retrieval import SourceWeights
from broadsheet.corpus.impressions import Impression, read_split
from broadsheet.newsroom import Newsroom
from broadsheet.offline.replay import blocks, readers_as_of
from broadsheet.offline.workbenches import prepare_vectors
from broadsheet.progress import Say
from broadsheet.readers.state import ReaderState
from broadsheet.retrieval import Retriever, fuse
from broadsheet.tables.files import write_json
from broadsheet.tables.own_scores import score_column
from broadsheet.tables.schemas import SOURCES
from broadsheet.workbench.workbench import Workbench

DEPTHS = (100, 200)
"""The k whose mean recall is maximised."""
GRID = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.75, 1.0, 1.5, 2.0, 3.0)
"""Weights tried for each source."""
ROUNDS = 5
"""How often all sources are gone through at most; it ends earlier if no weight changes."""

MakeRetriever = Callable[[Mapping[str, float]], Retriever]
"""From the weights of the sources to a retriever."""


@dataclass(frozen=True)
class Pool:
    """What the sources propose for one impression."""

    scores: Mapping[str, npt.NDArray[np.float64]]
    "Each source's score of each article proposed, NaN where absent."
    relevant: npt.NDArray[np.bool_]
    "Whether each proposed article was clicked, and so should be found."
    total: int
    "Articles that should be found, whether a source proposes them or not; 1 or more."

    def recall(self, weights: Mapping[str, float]) -> float:
        """Return the mean over DEPTHS of |hits| / |relevant|, the articles in order of the fused score."""
        order = np.argsort(-fuse(self.scores, weights), kind="stable")
        found = np.cumsum(self.relevant[order])
        hits = [found[min(k, len(found)) - 1] if len(found) else 0 for k in DEPTHS]
        return float(np.mean(hits)) / self.total


def make_pools(
    make_retriever: MakeRetriever,
    readers: Sequence[ReaderState],
    as_of: datetime,
    relevant: Sequence[Sequence[str]],
    own: Sequence[str] = (),
) -> list[Pool]:
    """Return the pool of each reader as of one moment; `relevant` holds the news_ids that each should find.

    `own` are the names of the site's own sources, which propose too.
    """
    lists: list[pa.Table] = []
    vectors: pa.Table | None = None
    for name in (*SOURCES, *own):
        retriever = make_retriever({name: 1.0})
        if vectors is None:
            vectors = retriever.vectors(readers)  # the weights of the sources do not change them
        found = retriever(readers, vectors, as_of, k=max(DEPTHS))
        lists.append(found.filter(pa.array(~np.isnan(score_column(found, name)))))  # the rest only makes up the number
    proposed = pa.concat_tables(lists)
    places: dict[str, dict[str, int]] = {reader.user_id: {} for reader in readers}
    pairs = zip(proposed.column("user_id").to_pylist(), proposed.column("news_id").to_pylist(), strict=True)
    for place, (user_id, news_id) in enumerate(pairs):
        places[user_id].setdefault(news_id, place)
    scores = {name: score_column(proposed, name) for name in (*SOURCES, *own)}
    return [_pool(scores, place_of, set(wanted)) for place_of, wanted in zip(places.values(), relevant, strict=True)]


def tune_sources(
    pools: Sequence[Pool], start: Mapping[str, float], own: Mapping[str, float] | None = None
) -> dict[str, float]:
    """Return the weights with the highest mean recall found from `start` on, one source after the other.

    The same pools give the same weights. A weight changes only for more recall, so a source that finds nothing keeps
    its weight. `own` are the weights of the site's own sources, which stay.
    """
    weights = {name: float(start.get(name, 0.0)) for name in SOURCES}
    fixed = own or {}
    best = mean_recall(pools, {**weights, **fixed})
    for _ in range(ROUNDS):
        before = best
        for name in SOURCES:
            tried = {value: mean_recall(pools, {**weights, **fixed, name: value}) for value in GRID}
            value = max(tried, key=lambda value: tried[value])
            if tried[value] > best:
                weights[name], best = value, tried[value]
        if best == before:
            break
    return weights


def mean_recall(pools: Sequence[Pool], weights: Mapping[str, float]) -> float:
    """Return the mean of the pools' recall; 0 without pools."""
    return float(np.mean([pool.recall(weights) for pool in pools])) if pools else 0.0


def _pool(scores: Mapping[str, npt.NDArray[np.float64]], place_of: Mapping[str, int], wanted: set[str]) -> Pool:
    rows = np.array(list(place_of.values()), np.int64)
    relevant = np.array([news_id in wanted for news_id in place_of], np.bool_)
    return Pool({name: values[rows] for name, values in scores.items()}, relevant, len(wanted))


LIMIT = 500
"""Impressions that the weights are chosen on."""


def tune_weights(newsroom: Newsroom, towers: Path, split: str, say: Say) -> str:
    """Write the weights that find most of a split's clicks into the folder of towers; returns what they reach.

    The vectors for these towers are made first if they are missing; the next build takes them over.
    """
    from broadsheet.retrieval.towers.trained import SOURCE_WEIGHTS

    config = newsroom.config()
    config = replace(config, retrieval=replace(config.retrieval, towers=str(towers.resolve())))
    bench = prepare_vectors(newsroom, say, config)
    impressions = read_split(bench.data.newsroom, bench.data.catalogue, split).impressions
    pools = _pools(bench, [one for one in impressions if one.relevant][:LIMIT])
    start = vars(SourceWeights())
    own = {name: source.weight for name, source in bench.models.own.sources.items()}
    weights = tune_sources(pools, start, own)
    write_json(towers / SOURCE_WEIGHTS, weights)
    shown = ", ".join(f"{name} {weight:g}" for name, weight in weights.items())
    before, after = mean_recall(pools, {**start, **own}), mean_recall(pools, {**weights, **own})
    return f"weights of the sources: {shown} (recall on {split} {after:.4f}, {before:.4f} by the default ones)"


def _pools(bench: Workbench, impressions: list[Impression]) -> list[Pool]:
    retrievers: dict[str, Retriever] = {}

    def make(weights: Mapping[str, float]) -> Retriever:
        name = ",".join(weights)  # one source alone
        if name not in retrievers:
            retrievers[name] = bench.make_retriever(weights, quotas=False)
        return retrievers[name]

    pools: list[Pool] = []
    for block in blocks(impressions, "Choosing the weights of the sources", one_time=True):
        readers, wanted = readers_as_of(bench.data, block), [one.relevant for one in block]
        pools += make_pools(make, readers, block[0].time, wanted, [*bench.models.own.sources])
    return pools
