"""Retrieval measured on a split's impressions: what each row finds, over the whole catalogue and in the live pool.

Every article that the reader has not read competes; none is sampled. How well an approximate index finds what an exact
search finds is a matter of its own: see `index_recall`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import Any

import numpy as np

from broadsheet.corpus.impressions import Impression, Split
from broadsheet.evaluation.retrieval.lists import QUERY_TITLES, Bm25, Lists, Pool, RetrievedLists, ScoredLists
from broadsheet.evaluation.retrieval.measure import (
    DEPTHS,
    Measured,
    Targets,
    make_targets,
    measure,
    spread_out,
    top_categories,
)
from broadsheet.evaluation.settings import Setting, content_only, live, live_pool
from broadsheet.offline.lazy_index import index_of
from broadsheet.offline.replay import BM25, POPULARITY, RANDOM, SEEDS, UNTRAINED, blocks, readers_as_of
from broadsheet.offline.workbenches import describe_towers
from broadsheet.tables.arrays import Integers
from broadsheet.tables.vectors import vectors_to_numpy
from broadsheet.workbench.data import EditionData
from broadsheet.workbench.workbench import Workbench

CATALOGUE, POOL = "catalogue", "live_pool"
"""The articles among which a row may retrieve."""
FUSION = "fusion"
SOURCES = {f"source {name}": name for name in ("popularity", "freshness", "co_click")}
"""Rows of the sources of candidates that need no towers, each by itself."""

NOTES = {
    RANDOM: "articles drawn at random; mean of three seeds",
    POPULARITY: "most clicks strictly before the request; ties in random order, mean of three seeds",
    BM25: f"the titles of the {QUERY_TITLES} newest history articles against all texts (Lucene's BM25)",
    "source popularity": "the source alone: what is being clicked, smoothed by category",
    "source freshness": "the source alone: what is new",
    "source co_click": "the source alone: what the people click who clicked the history",
    UNTRAINED: "the source two_tower alone, with towers that nobody trained; nothing for a reader without a history",
}
"""What each row is; towers and fusions have a label of their own."""


@dataclass(frozen=True)
class Results:
    """The metrics of every run of every row, by request."""

    impressions: list[Impression]
    "The requests, each with something to find."
    runs: dict[str, dict[str, list[Measured]]]
    "For CATALOGUE and POOL, the rows, simplest first, and the runs of each: seeds, or halvings, or both."
    sources: dict[str, str]
    "For each fusion, the row of its towers alone."
    reachable: dict[str, float]
    "For CATALOGUE and POOL, the share of the relevant clicks whose article is there; mean over settings."
    articles: dict[str, float]
    "For CATALOGUE and POOL, how many articles are there at any request; mean over settings."
    index_recall: dict[str, float] | None
    "What the function `index_recall` says of the index of the untrained towers."
    towers: list[dict[str, Any]] = field(default_factory=list)
    "The trained towers; see describe_towers."
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Scene:
    """One setting and universe to retrieve in."""

    universe: str
    setting: Setting
    pool: Pool | None
    targets: Targets
    places: Integers
    "Where its requests stand among all."
    size: int
    "How many requests there are in all."
    seeds: Sequence[int]
    "Seeds of the random draws."

    def measure(self, lists: Lists) -> Measured:
        return spread_out(measure(lists, self.targets), self.places, self.size)


def measure_retrieval(
    untrained: Workbench, trained: Iterable[tuple[str, Workbench]], split: Split, *, hours: float, lend: bool
) -> Results:
    """Measure all rows, content-only or, with `lend`, live.

    `trained` gives a label and a workbench for each pair of trained towers; those of one label are runs of one row. An
    article that was published, or where that is unknown shown, in the last `hours` is in the live pool.
    """
    settings = [live(untrained.data, split, seed) for seed in SEEDS] if lend else [content_only(untrained.data, split)]
    requests = [one for one in split.impressions if one.relevant]
    scenes = list(_scenes(untrained.data, split, settings, requests, hours))
    results = Results(
        requests,
        {CATALOGUE: {}, POOL: {}},
        {},
        {name: _mean(scenes, name, lambda scene: scene.targets.reachable.mean()) for name in (CATALOGUE, POOL)},
        {name: _mean(scenes, name, lambda scene: scene.targets.members.sum()) for name in (CATALOGUE, POOL)},
        index_recall(untrained, requests),
    )
    _measure_untrained(results, untrained, scenes)
    _measure_trained(results, untrained, trained, scenes)
    return results


def _scenes(
    data: EditionData, split: Split, settings: Sequence[Setting], requests: Sequence[Impression], hours: float
) -> Iterator[_Scene]:
    place_of = {one.number: place for place, one in enumerate(requests)}
    categories = top_categories(data, split)
    for number, setting in enumerate(settings):
        places = np.array([place_of[one.number] for one in setting.impressions], np.int64)
        seeds = SEEDS if len(settings) == 1 else SEEDS[number : number + 1]
        pool = partial(live_pool, data, setting.exposures, hours=hours)
        for universe, chosen in ((CATALOGUE, None), (POOL, pool)):
            targets = make_targets(data, setting, chosen, categories)
            yield _Scene(universe, setting, chosen, targets, places, len(requests), seeds)


def _measure_untrained(results: Results, bench: Workbench, scenes: Sequence[_Scene]) -> None:
    """Add the rows that need no training, and leave out the sources that are absent everywhere."""
    words = Bm25(bench.data)
    for scene, retrieved in _with_readers(bench, scenes):
        setting, add = scene.setting, partial(_add, results, scene)
        scored = ScoredLists(bench.data, setting.impressions, scene.pool)
        for seed in scene.seeds:
            add(RANDOM, scored.random(np.random.default_rng(seed)))
            add(POPULARITY, scored.popularity(setting.clicks, np.random.default_rng(seed)))
        add(BM25, scored.words(words))
        for row, source in _single_sources(bench).items():
            lists = retrieved(setting.clicks, scene.pool, source)
            if (lists >= 0).any():
                add(row, lists)
        add(UNTRAINED, retrieved(setting.clicks, scene.pool, "two_tower"))
    absent = [source for row, source in _single_sources(bench).items() if row not in results.runs[CATALOGUE]]
    if absent:
        results.remarks.append(f"No row for {', '.join(absent)}: the corpus holds nothing that it could go by.")


def _single_sources(bench: Workbench) -> dict[str, str]:
    """Return the row of each source that needs no towers, the site's own among them if they are on."""
    own = bench.models.own.sources
    return SOURCES | {f"source {name}": name for name, source in own.items() if source.weight > 0}


def _measure_trained(
    results: Results, untrained: Workbench, trained: Iterable[tuple[str, Workbench]], scenes: Sequence[_Scene]
) -> None:
    """Add the towers alone, then the fusions; towers that are as the untrained ones have no row of their own."""
    fusions: list[tuple[_Scene, str, Measured]] = []
    for label, bench in trained:
        same = RetrievedLists(bench, results.impressions).same_readers(untrained)
        if not same:
            results.towers.append(describe_towers(label, bench.models))
        for scene, retrieved in _with_readers(bench, scenes):
            alone = UNTRAINED if same else f"{label} towers"
            if not same:
                _add(results, scene, alone, retrieved(scene.setting.clicks, scene.pool, "two_tower"))
            results.sources[f"{FUSION}, {alone}"] = alone
            fusions.append((scene, f"{FUSION}, {alone}", scene.measure(retrieved(scene.setting.clicks, scene.pool))))
    for scene, fusion, measured in fusions:
        results.runs[scene.universe].setdefault(fusion, []).append(measured)


def _with_readers(bench: Workbench, scenes: Sequence[_Scene]) -> Iterator[tuple[_Scene, RetrievedLists]]:
    """Yield each scene with its readers' vectors, made once for the scenes of one setting."""
    for _, group in groupby(scenes, key=lambda scene: id(scene.setting)):
        same = list(group)
        retrieved = RetrievedLists(bench, same[0].setting.impressions)
        yield from ((scene, retrieved) for scene in same)


def _add(results: Results, scene: _Scene, row: str, lists: Lists) -> None:
    results.runs[scene.universe].setdefault(row, []).append(scene.measure(lists))


def _mean(scenes: Sequence[_Scene], universe: str, value: Callable[[_Scene], float]) -> float:
    return float(np.mean([value(scene) for scene in scenes if scene.universe == universe]))


def notes_of(rows: Mapping[str, object], sources: Mapping[str, str]) -> dict[str, str]:
    """Return what each row is."""
    notes = {}
    for row in rows:
        if row in sources:
            notes[row] = "all sources with the newsroom's weights, as the pipeline takes them, but a thousand articles"
        else:
            own = "the site's own source alone"
            towers = "the source two_tower alone; nothing for a reader without a history"
            notes[row] = NOTES.get(row, own if row.startswith("source ") else towers)
    return notes


def index_recall(bench: Workbench, impressions: Sequence[Impression]) -> dict[str, float] | None:
    """Return the share of the exact k nearest articles that the index finds, for k in DEPTHS; None for an exact index.

    Measured with the vectors of real readers; those without a history are left out.
    """
    from broadsheet.index_build import search_exactly, shares_found

    index = index_of(bench)
    if index.is_exact:
        return None
    shares: dict[int, list[float]] = {k: [] for k in DEPTHS}
    for block in blocks(impressions, "Searching exactly"):
        vectors = vectors_to_numpy(bench.retriever.vectors(readers_as_of(bench.data, block)))
        exact = search_exactly(bench.data.catalogue.vectors, vectors[vectors.any(axis=1)], max(DEPTHS))
        _, rows = index(exact.queries, exact.k)
        for k in DEPTHS:
            shares[k] += shares_found(rows, exact.at(k), bench.data.catalogue.vectors).tolist()
    return {f"recall@{k}": float(np.mean(values)) for k, values in shares.items() if values}
