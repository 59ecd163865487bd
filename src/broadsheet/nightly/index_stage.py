"""The index of an edition as files: whole, or in shards, which several processes can build and one process joins."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from broadsheet.errors import NewsroomError
from broadsheet.newsroom import Edition
from broadsheet.nightly.earlier import Earlier
from broadsheet.nightly.stage import StageReport
from broadsheet.workbench.reader_vectors import sample_user_vectors
from broadsheet.workbench.workbench import Workbench

if TYPE_CHECKING:
    from broadsheet.index_build import Goal


TIMED_ARTICLES = 128
"""Articles that are encoded to know how long encoding takes."""
INDEX_QUERIES = 1000
"""User vectors that the choice of the index is measured with."""


def index(bench: Workbench, out: Edition, earlier: Earlier) -> StageReport:
    """Write the FAISS index of the edition's news_vectors, in as many shards as the config says.

    Few articles are searched exactly. For many, trials with the readers' own vectors choose the kind, in a share of the
    time that encoding the articles takes. A shard is taken over from an earlier edition where the vectors are the same,
    and the choice of its kind where the vectors are of the same model and about as many.
    """
    build = shard_builder(bench, out, earlier.indexes)
    return join_index(bench, out, earlier.indexes, [build(number) for number in range(bench.config.index.shards)])


def shard_builder(bench: Workbench, out: Edition, known: tuple[Edition, ...] = ()) -> Callable[[int], dict[str, Any]]:
    """Return what writes a shard of the index, given its number, and returns what it measured; 0 of 1 is all of it."""
    from broadsheet.index_build import SHARE_OF_ENCODING, Budget, build_index, shard_goal, shard_of
    from broadsheet.index_build import Earlier as EarlierIndex

    vectors, queries, count = bench.data.vectors, sample_user_vectors(bench, INDEX_QUERIES), bench.config.index.shards
    goal = shard_goal(_goal(bench), count)
    reports = {one: _index_report(one) for one in known}

    def build(number: int) -> dict[str, Any]:
        earlier = [
            EarlierIndex(*shard_files(one, number, count), _shard_report(report, number, count))
            for one, report in reports.items()
        ]
        return build_index(
            shard_of(vectors, number, count),
            *shard_files(out, number, count),
            model=bench.news_tower.fingerprint,
            queries=queries,
            goal=goal,
            earlier=earlier,
            make_budget=make_budget,
        )

    def make_budget(count: int) -> Budget:
        return Budget(SHARE_OF_ENCODING * count * encoding_seconds(bench))

    return build


def join_index(bench: Workbench, out: Edition, known: tuple[Edition, ...], shards: list[dict[str, Any]]) -> StageReport:
    """Write the table over the shards of the index, given their reports, if there are several, and say what it is."""
    from broadsheet.index_build import describe, join_shards

    report = shards[0]
    if len(shards) > 1:
        report = join_shards(
            bench.data.vectors,
            out.index,
            out.index_rows,
            shards,
            model=bench.news_tower.fingerprint,
            queries=sample_user_vectors(bench, INDEX_QUERIES),
            goal=_goal(bench),
            earlier=[_index_report(one) for one in known],
        )
    return StageReport(describe(report), figures={"index": report})


def shard_files(edition: Edition, number: int, count: int) -> tuple[Path, Path]:
    """Return the FAISS index and the table index of a shard of an edition."""
    from broadsheet.index_build import shard_path

    return shard_path(edition.index, number, count), shard_path(edition.index_rows, number, count)


def encoding_seconds(bench: Workbench) -> float:
    """Return the seconds that this machine takes to encode an article, measured on some of the edition's."""
    tower, news = bench.news_tower, bench.catalogue.news
    rows = np.linspace(0, len(news) - 1, min(TIMED_ARTICLES, len(news))).astype(np.int64)
    texts = tower.text(news.select(list(tower.text.columns)).take(pa.array(rows)))
    tower(texts[:1])  # the first call loads the model
    started = time.perf_counter()
    tower(texts)
    return (time.perf_counter() - started) / len(texts)


def _goal(bench: Workbench) -> Goal:
    from broadsheet.index_build import Goal

    settings = bench.config.index
    return Goal(settings.kind, settings.recall, settings.memory_mib)


def _index_report(edition: Edition) -> dict[str, Any]:
    """Return what an earlier build measured of its index; empty where that is not known."""
    try:
        report: dict[str, Any] = edition.read_manifest().get("index", {})
    except NewsroomError:
        return {}
    return report


def _shard_report(report: dict[str, Any], number: int, count: int) -> dict[str, Any]:
    """Return the part of an earlier report on a shard; empty where the index was cut otherwise."""
    shards: list[dict[str, Any]] = report.get("shards", [report])
    return shards[number] if len(shards) == count else {}
